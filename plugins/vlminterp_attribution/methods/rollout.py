"""Attention rollout: the product of the blocks' attentions."""

import torch

from vlminterp_attribution.attended import run_recorded
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod


class Rollout(TokenMethod):
    """Multiplies the blocks' attentions, each averaged with the identity.

    The map does not depend on the question: another caption gives the same one.
    """

    paper = "Abnar and Zuidema, Quantifying Attention Flow in Transformers, ACL 2020"
    cost = "1 forward"
    needs = Needs.attention
    signs = False
    unit = "probability"

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once."""
        run = run_recorded(batch, gradients=False)
        rolled = None
        for block in run.blocks:
            mean = block.probabilities.mean(1)
            step = (mean + torch.eye(mean.shape[1]).to(mean)) / 2
            rolled = step if rolled is None else step @ rolled
        assert rolled is not None
        pooling = run.pooling.probabilities.mean((1, 2)) if run.pooling else None
        return Found(run.pooled_rows(rolled, pooling), run.state)
