"""Generic Attention Explainability: attention times gradient, through all blocks."""

import torch
from torch import Tensor

from vlminterp_attribution.attended import run_recorded
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod


class GAE(TokenMethod):
    """Passes relevance through all blocks, by attention weighted with its positive gradient.

    R ← R + E_h[(∂S/∂A ⊙ A)⁺]·R from the first block to the last, read at the pooled token. Where a
    tower pools by attention, the pooling is one more step.
    """

    paper = "Chefer, Gur and Wolf, Generic Attention-Model Explainability, ICCV 2021"
    cost = "1 forward, 1 backward"
    needs = Needs.attention
    signs = False

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, forward and backward."""
        run = run_recorded(batch, gradients=True)
        recorded = [*run.blocks, *([run.pooling] if run.pooling else [])]
        probabilities = [attention.probabilities for attention in recorded]
        gradients = torch.autograd.grad(run.score.sum(), probabilities)
        weighted = [
            _positive_mean(one.detach(), gradient)
            for one, gradient in zip(probabilities, gradients, strict=True)
        ]
        pooling = weighted.pop().mean(1) if run.pooling else None
        relevance = torch.eye(weighted[0].shape[1]).to(weighted[0])
        for one in weighted:
            relevance = relevance + one @ relevance
        return Found(run.pooled_rows(relevance, pooling), run.state)


def _positive_mean(probabilities: Tensor, gradient: Tensor) -> Tensor:
    """Computes E_h[(∂S/∂A ⊙ A)⁺], `[B, N, N]`."""
    return (probabilities * gradient).clamp_min(0).mean(1)
