"""LeGrad: gradients of the score in each block's attention, summed over blocks."""

from dataclasses import replace

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod


class LeGrad(TokenMethod):
    """Sums the score's gradients in each block's attention, as if the tower ended at that block.

    Σ_ℓ E over heads and queries of (∂s_ℓ/∂A_ℓ)⁺, where s_ℓ is the score of the tower's own pooling
    of block ℓ's output.
    """

    paper = "Bousselham et al., LeGrad, ICCV 2025"
    cost = "1 forward, and the pooling once for each block"
    needs = Needs.attention
    signs = False

    def explain(self, batch: PairBatch) -> Found:
        """Runs one block after the other and pools after each."""
        tower, ask, total = batch.tower, batch.score, None  # its own passes are not recorded
        with torch.no_grad():
            state = tower.prefix(batch.inputs, EMBEDDINGS)
        for layer in range(tower.depth):
            with torch.enable_grad(), tower.recording() as recording:
                after = tower.advance(state, layer)
                (attention,) = recording.blocks(1, len(batch))
                embedding = tower.suffix(replace(after, block=tower.depth - 1))
                score = ask(embedding)
            (gradient,) = torch.autograd.grad(score.sum(), [attention.probabilities])
            mean = _over_queries(gradient.clamp_min(0).mean(1), state.mask)
            total = mean if total is None else total + mean
            state = after.with_hidden(after.hidden.detach())
            batch.embedding = embedding.detach()  # after the last block, that of the whole tower
        assert total is not None
        return Found(total, replace(state, block=-1))


def _over_queries(gradient: Tensor, mask: Tensor) -> Tensor:
    """Returns the mean over an input's own queries, without padding, `[B, N]`."""
    counted = mask.to(gradient)[:, :, None]
    return (gradient * counted).sum(1) / counted.sum(1)
