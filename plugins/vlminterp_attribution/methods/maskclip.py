"""MaskCLIP: each patch scored by itself, without attention in the last block."""

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import State
from vlminterp.adapters.recording import RecordedAttention
from vlminterp.attribution.explanation import Side
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod

CHUNK = 64
"""Number of tokens of each image that are pooled at once."""


class MaskCLIP(TokenMethod):
    """Scores each patch by itself, letting it attend only to itself in the last block.

    The tower's own pooling turns each token alone into an embedding, which the target scores.
    """

    paper = "Zhou, Loy and Dai, Extract Free Dense Labels from CLIP, ECCV 2022"
    cost = "1 forward, and the pooling once for each patch"
    needs = Needs.attention
    sides = (Side.image,)

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, with no attention between tokens in its last block."""
        tower, count, seen = batch.tower, len(batch), 0

        def only_itself(attention: RecordedAttention) -> Tensor:
            nonlocal seen
            shape = attention.probabilities.shape
            seen += len(shape) == 4 and shape[0] == count and shape[2] == shape[3]
            if seen < tower.depth:
                return attention.probabilities
            return torch.eye(shape[-1]).to(attention.probabilities).expand(shape)

        with torch.no_grad(), tower.recording(only_itself) as recording:
            state = tower.prefix(batch.inputs, -1)
            recording.blocks(tower.depth, count)
        with torch.no_grad():
            return Found(score_alone(batch, state), state)


def score_alone(batch: PairBatch, state: State) -> Tensor:
    """Returns the score of each token as if it were the last block's only output, `[B, N]`.

    Args:
        batch: The pairs.
        state: The output of the last block.
    """
    hidden = state.hidden
    pairs, tokens, width = hidden.shape
    scores = []
    for some in torch.split(hidden, CHUNK, dim=1):
        everywhere = some.flatten(0, 1)[:, None].expand(-1, tokens, width)
        embeddings = batch.tower.suffix(state.with_hidden(everywhere))
        scores.append(batch.score(embeddings).view(pairs, -1))
    return torch.cat(scores, 1)
