"""Direct effects: the part of the score that heads copy from each token to the embedding."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.recording import RecordedAttention
from vlminterp.adapters.transformer import Block
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.linearised import FrozenNorms
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.options import require_positive
from vlminterp_attribution.plain import require_plain


@dataclass
class DirectEffectsOptions:
    """Options of direct effects.

    Attributes:
        blocks: Number of last blocks whose heads are summed, ≥ 1; None for all, as the authors
            segment.
    """

    blocks: int | None = None

    def __post_init__(self) -> None:
        if self.blocks is not None:
            require_positive(blocks=self.blocks)


class DirectEffects(TokenMethod):
    """Sums what the heads of all blocks copy from each token straight into the embedding.

    A head adds Σ_i a_i W_O v_i to the residual stream of the pooled token, and from there each term
    reaches the embedding past all later blocks. With the deviation of the last norm and the
    embedding's length held fixed that way is linear: these terms, those of biases and MLPs and the
    tower's input add up to the score (of a target that is not linear, to its linear part). What a
    token does to others on the way to the pooled one does not count.
    """

    paper = "Gandelsman, Efros and Steinhardt, Interpreting CLIP's Image Representation, ICLR 2024"
    cost = "1 forward, 1 backward through the pooling"
    needs = Needs.weights
    Options = DirectEffectsOptions

    @torch.no_grad()
    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, and projects what each head adds onto the score's direction."""
        tower, ask = require_plain(batch.tower, self.name), batch.score
        with tower.recording() as recording:
            state = tower.prefix(batch.inputs, EMBEDDINGS)
            for _ in tower.blocks:
                state = tower.run_block(state)
        ran = list(zip(tower.blocks, recording.blocks(tower.depth, len(batch)), strict=True))
        hidden = state.hidden.detach().requires_grad_()
        with torch.enable_grad(), FrozenNorms():
            score = ask(tower.suffix(state.with_hidden(hidden))).sum()
        (direction,) = torch.autograd.grad(score, [hidden])
        chosen = ran[-min(self.options.blocks or len(ran), len(ran)) :]
        terms = [_copied(block, attention, direction) for block, attention in chosen]
        return Found(torch.stack(terms).sum(0), replace(state, block=-1))


def _copied(block: Block, attention: RecordedAttention, direction: Tensor) -> Tensor:
    """Returns the part of the score that a block's heads copy from each token, `[B, N]`.

    Args:
        block: The block.
        attention: Its attention.
        direction: Gradient of the score in the last block's output, `[B, N, C]`.
    """
    output = attention.output.detach().requires_grad_()
    with torch.enable_grad():
        attended = block.attention().output(output.transpose(1, 2).flatten(2))
        added = block.add_attention(torch.zeros_like(direction), attended)
    (wanted,) = torch.autograd.grad(added, [output], direction)
    read = torch.einsum("bhqd,bhqn->bhnd", wanted, attention.probabilities)
    return (read * attention.value).sum((1, 3))
