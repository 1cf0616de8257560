"""CLIP Surgery: scores of patches on a second path of value-value attention."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.transformer import Block
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.methods.maskclip import score_alone
from vlminterp_attribution.options import require_positive
from vlminterp_attribution.plain import require_plain


@dataclass
class CLIPSurgeryOptions:
    """Options of CLIP Surgery.

    Attributes:
        blocks: Number of last blocks that the second path follows, ≥ 1; None for half of them, as
            the authors take 6 of 12.
    """

    blocks: int | None = None

    def __post_init__(self) -> None:
        if self.blocks is not None:
            require_positive(blocks=self.blocks)


class CLIPSurgery(TokenMethod):
    """Scores each patch by itself on a second path, whose attention compares values with values.

    The path adds up the output of the last blocks' attentions, without MLPs. From the similarity to
    a caption we subtract that to an empty caption. This explains an edited model, not the model.
    """

    paper = "Li et al., CLIP Surgery for Better Explainability, 2023"
    cost = "1 forward, half of it twice, and the pooling once for each patch"
    needs = Needs.weights
    sides = (Side.image,)
    Options = CLIPSurgeryOptions

    @torch.no_grad()
    def explain(self, batch: PairBatch) -> Found:
        """Runs both paths side by side."""
        tower = require_plain(batch.tower, self.name)
        first = tower.depth - min(self.options.blocks or (tower.depth + 1) // 2, tower.depth)
        state = tower.prefix(batch.inputs, first - 1 if first else EMBEDDINGS)
        path = state.hidden
        for block in tower.blocks[first:]:
            path = block.add_attention(path, _by_values(block, state.hidden))
            state = tower.run_block(state)
        end = replace(state, hidden=path)
        scores = score_alone(batch, end)
        if isinstance(batch.target, Similarity):
            scores = scores - score_alone(_of_nothing(batch), end)
        return Found(scores, state)


def _by_values(block: Block, hidden: Tensor) -> Tensor:
    """Computes softmax(VVᵀ/√d)V of a block, after its output projection, `[B, N, C]`."""
    attention = block.attention()
    value = functional.linear(
        block.attention_norm(hidden), attention.value_weight, attention.value_bias
    )
    heads = value.view(*value.shape[:2], attention.heads, -1).transpose(1, 2)
    alike = heads @ heads.mT * heads.shape[-1] ** -0.5
    mixed: Tensor = attention.output((alike.softmax(-1) @ heads).transpose(1, 2).flatten(2))
    return mixed


def _of_nothing(batch: PairBatch) -> PairBatch:
    """Returns the same images with empty captions."""
    tokens = batch.encoder.tokenize([""] * len(batch))
    return PairBatch(batch.encoder, batch.side, batch.pixels, tokens, batch.target, batch.seed)
