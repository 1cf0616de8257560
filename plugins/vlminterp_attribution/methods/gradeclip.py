"""Grad-ECLIP: values weighted by gradients and by query-key cosines."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.recording import RecordedAttention
from vlminterp.errors import ModelError
from vlminterp_attribution.attended import run_recorded
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.options import require_positive


@dataclass
class GradECLIPOptions:
    """Options of Grad-ECLIP.

    Attributes:
        blocks: Number of last blocks that are summed, ≥ 1; None for all. The authors take 1 for
            images and 8 for text.
    """

    blocks: int | None = None

    def __post_init__(self) -> None:
        if self.blocks is not None:
            require_positive(blocks=self.blocks)


class GradECLIP(TokenMethod):
    """Weights each token's value by the gradient and the query-key cosine at the pooled token.

    (Σ_c g_c w_i v_ic)⁺ with g = ∂S/∂(attention's output at the pooled token) and w_i the cosine of
    its query with key i, scaled to [0, 1] over the tokens, summed over blocks. The authors run each
    block again with one head; here the model's own forward pass is explained.
    """

    paper = "Zhao et al., Gradient-based Visual Explanation for CLIP, ICML 2024"
    cost = "1 forward, 1 backward"
    needs = Needs.attention
    signs = False
    Options = GradECLIPOptions

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, forward and backward."""
        run = run_recorded(batch, gradients=True)
        pooled, mask = run.state.pooled, run.state.mask
        if pooled is None:
            raise ModelError("gradeclip needs a tower that pools one token (CLS, end of text)")
        first = 0 if self.options.blocks is None else -self.options.blocks
        blocks = run.blocks[first:]
        gradients = torch.autograd.grad(run.score.sum(), [block.output for block in blocks])
        total = torch.zeros_like(mask, dtype=gradients[0].dtype)
        for block, gradient in zip(blocks, gradients, strict=True):
            total += _one_block(block, gradient, pooled, mask)
        return Found(total, run.state)


def _one_block(block: RecordedAttention, gradient: Tensor, pooled: Tensor, mask: Tensor) -> Tensor:
    """Returns the map of one block, `[B, N]`; its heads are joined to one vector of C channels."""
    rows = torch.arange(len(pooled), device=pooled.device)
    weight = gradient[rows, :, pooled]  # [B, H, d]
    query = functional.normalize(block.query[rows, :, pooled].detach().flatten(1), dim=-1)
    key = functional.normalize(block.key.detach().transpose(1, 2).flatten(2), dim=-1)
    cosine = torch.einsum("bc,bnc->bn", query, key)
    low = cosine.masked_fill(~mask, torch.inf).amin(1, keepdim=True)
    high = cosine.masked_fill(~mask, -torch.inf).amax(1, keepdim=True)
    alike = (cosine - low) / (high - low).clamp_min(torch.finfo(cosine.dtype).tiny)
    carried = torch.einsum("bhd,bhnd->bn", weight, block.value.detach())
    return (alike * carried).clamp_min(0)
