"""The law that every adapter keeps, measured: is a cut a whole cut?

Used by the tests, by `experiments/any_clip`, and by whoever writes an adapter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from vlminterp.adapters.dual_encoder import EMBEDDINGS, Inputs, Layer, Tower


@dataclass(frozen=True)
class Law:
    """Largest differences between embeddings of unit length, over the cuts that were tried.

    Attributes:
        cuts: How many were tried.
        error: Of `suffix(prefix(x, l))` from `encode(x)`.
        leak: Of the embedding that x's cut gives with y's residual stream, from `encode(y)`: 0 only
            if nothing of x goes around the cut.
        apart: Between `encode(x)` and `encode(y)`: what a cut that loses all would leave.
    """

    cuts: int
    error: float
    leak: float
    apart: float


@torch.no_grad()
def measure_law(
    tower: Tower[Inputs], first: Inputs, second: Inputs, layers: Sequence[Layer] | None = None
) -> Law:
    """Cuts a tower at every layer, and puts it together again.

    Args:
        tower: Of any adapter.
        first: What is cut.
        second: Another input of the same shape; captions end at the same place.
        layers: The cuts; None for all.
    """
    whole, other = tower.encode(first), tower.encode(second)
    layers = [EMBEDDINGS, *range(tower.depth)] if layers is None else layers
    error = leak = 0.0
    for layer in layers:
        state = tower.prefix(first, layer)
        error = max(error, float((tower.suffix(state) - whole).abs().max()))
        exchanged = state.with_hidden(tower.prefix(second, layer).hidden)
        leak = max(leak, float((tower.suffix(exchanged) - other).abs().max()))
    return Law(len(layers), error, leak, float((whole - other).abs().max()))
