"""Measures the law that every adapter keeps: a tower that is cut and resumed gives the same result.

It also measures whether anything goes around the cut, and whether the law could fail at all. Used
by the tests, by `experiments/studies/any_clip`, and by authors of adapters.
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
        cuts: Number of cuts that were tried.
        error: Difference of `suffix(prefix(x, l))` from `encode(x)`.
        leak: Difference of the embedding that x's cut gives with y's residual stream from
            `encode(y)`; 0 only if nothing of x goes around the cut.
        apart: Difference of `encode(x)` from `encode(y)`: the leak of a cut that everything goes
            around.
    """

    cuts: int
    error: float
    leak: float
    apart: float


@torch.no_grad()
def measure_law(
    tower: Tower[Inputs], first: Inputs, second: Inputs, layers: Sequence[Layer] | None = None
) -> Law:
    """Cuts a tower at every layer, resumes it there, and compares the embeddings.

    Args:
        tower: A tower of any adapter.
        first: The input that is cut.
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
    """Measures the least that leaving out a block moves an embedding of unit length.

    Where it is near 0, as with layer scales near 0, the law says nothing about that block. A block
    is left out by passing on its input. A block that changes the stream's shape, such as a
    pyramid's stage, can't be left out; then each of its units is: the members of its lists that
    keep the shape.

    Args:
        tower: A tower of any adapter.
        inputs: Any inputs that it takes.

    Returns:
        The largest difference of a coordinate, for the block or unit that moves it least; infinity
        if none can be left out.
    """
    whole: Tensor = tower.encode(inputs)
    drops = (float((without - whole).abs().max()) for without in _without_blocks(tower, inputs))
    return min(drops, default=float("inf"))


def _without_blocks(tower: Tower[Inputs], inputs: Inputs) -> Iterator[Tensor]:
    """Yields embeddings, each without one block or one unit of a block."""
    before = tower.prefix(inputs, EMBEDDINGS)
    for layer in range(tower.depth):
        after = tower.prefix(inputs, layer)
        if after.hidden.shape == before.hidden.shape and after.grids == before.grids:
            yield tower.suffix(after.with_hidden(before.hidden))
        else:
            yield from _without_units(tower, layer, inputs)
        before = after


def _without_units(tower: Tower[Inputs], layer: int, inputs: Inputs) -> Iterator[Tensor]:
    """Yields embeddings, each without one unit of a block."""
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
    """Yields the members of a block's outermost lists that hold weights."""
    if isinstance(block, nn.Sequential | nn.ModuleList):
        yield from (one for one in block if any(w.ndim > 1 for w in one.parameters()))
        return
    for child in block.children():
        yield from _units(child)
