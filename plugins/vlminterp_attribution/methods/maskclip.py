"""`method=maskclip`."""

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import State
from vlminterp.adapters.recording import RecordedAttention
from vlminterp.attribution.explanation import Side
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod

CHUNK = 64
"""Patches of each image that are pooled at once."""


class MaskCLIP(TokenMethod):
    """Scores each patch by itself: in the last block it attends to nothing else.

    What the tower's own pooling makes of that one token is compared as the image would be.
    """

    paper = "Zhou, Loy and Dai, Extract Free Dense Labels from CLIP, ECCV 2022"
    cost = "1 forward, and the pooling once for each patch"
    needs = Needs.attention
    sides = (Side.image,)

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, its last block without attention between tokens."""
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
    """Returns the score of each token as if the last block had given nothing else, `[B, N]`.

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
