"""Runs a tower while its attention is recorded, and reads relevance where the tower pools."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import EMBEDDINGS, State
from vlminterp.adapters.recording import RecordedAttention
from vlminterp_attribution.batch import PairBatch


@dataclass(frozen=True)
class Attended:
    """One forward pass of the explained tower, with its attentions recorded.

    Attributes:
        state: The input of block 0, whose tokens the attentions are about.
        score: The target's score of each pair, `[B]`.
        blocks: The self-attention of each block.
        pooling: The attention that pools the tokens, if there is one.
    """

    state: State
    score: Tensor
    blocks: Sequence[RecordedAttention]
    pooling: RecordedAttention | None

    def pooled_rows(self, relevance: Tensor, pooling: Tensor | None) -> Tensor:
        """Returns how relevant each token is for the embedding that the tower pools.

        Args:
            relevance: Relevance of each token (column) for each token after the last block
                (row), `[B, N, N]`.
            pooling: Weights of the tokens in the pooling, `[B, N]`; None where the tower does not
                pool by attention.

        Returns:
            Relevance of each token, `[B, N]`: the sum of rows by those weights, the pooled token's
            row, or the mean over all tokens.
        """
        if pooling is not None:
            return torch.einsum("bn,bnm->bm", pooling, relevance)
        if self.state.pooled is not None:
            rows = torch.arange(len(relevance), device=relevance.device)
            return relevance[rows, self.state.pooled]
        mask = self.state.mask.to(relevance)[:, :, None]
        return (relevance * mask).sum(1) / mask.sum(1)


def run_recorded(batch: PairBatch, *, gradients: bool) -> Attended:
    """Runs the explained tower once.

    Args:
        batch: The pairs.
        gradients: Whether to keep the graph, so that attentions have gradients.

    Raises:
        ModelError: Not every block of the tower has an attention over all its tokens.
    """
    tower, ask = batch.tower, batch.score  # made first, so that its own passes are not recorded
    with torch.set_grad_enabled(gradients), tower.recording() as recording:
        state = tower.prefix(batch.inputs, EMBEDDINGS)
        embedding = tower.suffix(state)
        score = ask(embedding)
    batch.embedding = embedding.detach()
    return Attended(
        state=state,
        score=score,
        blocks=recording.blocks(tower.depth, len(batch)),
        pooling=recording.pooling(len(batch)),
    )
