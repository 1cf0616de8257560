"""The law that every adapter keeps, measured: is a cut a whole cut, and is anything at stake?

Used by the tests, by `experiments/studies/any_clip`, and by whoever writes an adapter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vlminterp.adapters.dual_encoder import EMBEDDINGS, Inputs, Layer, Tower
from vlminterp.adapters.replay import ReplayTower


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


@torch.no_grad()
def least_drop(tower: Tower[Inputs], inputs: Inputs) -> float:
    """How little leaving out a block can move an embedding of unit length.

    Where it is near 0, as with layer scales near 0, the law says nothing of that block. A block is
    left out by handing on its input. One that changes the stream's shape, such as a pyramid's
    stage, can't be: in its place each of its units is, that is the members of its lists which keep
    the shape.

    Args:
        tower: Of any adapter.
        inputs: Any that it takes.

    Returns:
        The largest difference of a coordinate, for the block or unit with the smallest one;
        infinity if none can be left out.
    """
    whole: Tensor = tower.encode(inputs)
    drops = (float((without - whole).abs().max()) for without in _without_blocks(tower, inputs))
    return min(drops, default=float("inf"))


def _without_blocks(tower: Tower[Inputs], inputs: Inputs) -> Iterator[Tensor]:
    """Embeddings without one block, or one unit of a block, each."""
    before = tower.prefix(inputs, EMBEDDINGS)
    for layer in range(tower.depth):
        after = tower.prefix(inputs, layer)
        if after.hidden.shape == before.hidden.shape and after.grids == before.grids:
            yield tower.suffix(after.with_hidden(before.hidden))
        else:
            yield from _without_units(tower, layer, inputs)
        before = after


def _without_units(tower: Tower[Inputs], layer: int, inputs: Inputs) -> Iterator[Tensor]:
    """Embeddings without one unit of a block each."""
    if not isinstance(tower, ReplayTower):
        return
    for unit in _units(tower.blocks[layer]):
        kept: list[bool] = []

        def skip(
            module: nn.Module, taken: tuple[Any, ...], output: Any, kept: list[bool] = kept
        ) -> Any:
            same = isinstance(output, Tensor) and output.shape == taken[0].shape
            kept.append(same)
            return taken[0] if same else None

        handle = unit.register_forward_hook(skip)
        try:
            embedding = tower.encode(inputs)
        finally:
            handle.remove()
        if all(kept):
            yield embedding


def _units(block: nn.Module) -> Iterator[nn.Module]:
    """Members of a block's outermost lists that hold weights."""
    if isinstance(block, nn.Sequential | nn.ModuleList):
        yield from (one for one in block if any(w.ndim > 1 for w in one.parameters()))
        return
    for child in block.children():
        yield from _units(child)
