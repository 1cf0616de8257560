"""Score-CAM: channels weighted by the score of what they show."""

import torch
from torch import Tensor

from vlminterp.attribution.explanation import Side
from vlminterp.attribution.versions import CHUNK
from vlminterp.metrics.faithfulness import upsample
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cam import CAMOptions, feature_map
from vlminterp_attribution.game import Game
from vlminterp_attribution.method import Found, Needs, TokenMethod


class ScoreCAM(TokenMethod):
    """Weights each channel by the score of the picture behind it, without gradients.

    A channel, enlarged and scaled to [0, 1], is a soft mask. Its weight is the softmax, over
    channels, of the masked picture's score. The paper's scores are a classifier's logits; a cosine
    counts at the model's own scale, without which all weights would be alike.
    """

    paper = "Wang et al., Score-CAM, CVPR Workshops 2020"
    cost = "1 forward for each channel of the cut, 768 for ViT-B"
    needs = Needs.forward
    signs = False
    sides = (Side.image,)
    unit = "activation"
    Options = CAMOptions

    @torch.no_grad()
    def explain(self, batch: PairBatch) -> Found:
        """Computes (Σ_c w_c h_ic)⁺ of each pair in turn."""
        state = feature_map(batch, self.options.layer).state
        scale = batch.encoder.scale_and_bias[0].cpu() if batch.target.unit == "cosine" else 1
        maps = []
        for index, hidden in enumerate(state.hidden):
            game = Game(batch, index, state)
            first = state.prefix_tokens
            channels = hidden[first : first + game.players].T.cpu()
            channels = channels.to(torch.promote_types(channels.dtype, torch.float32))
            scores = [
                game.masked(_masks(some.view(-1, *game.shape), game.region))
                for some in torch.split(channels, CHUNK)
            ]
            weights = (scale * torch.cat(scores)).softmax(0).to(channels)
            maps.append(game.on_tokens((weights @ channels).clamp_min(0)))
        return Found(torch.stack(maps).to(state.mask.device), state)


def _masks(channels: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarges channels and scales them to [0, 1], `[n, height, width]`; a constant one gives 0."""
    drawn = upsample(channels, size)
    low, high = drawn.amin((1, 2), keepdim=True), drawn.amax((1, 2), keepdim=True)
    return (drawn - low) / (high - low).clamp_min(torch.finfo(drawn.dtype).tiny)
