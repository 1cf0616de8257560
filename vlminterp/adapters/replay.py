"""Cuts any tower without rewriting it: the model's own forward runs, with some blocks replaced.

Up to a cut the forward runs as it is, and is stopped there. To resume, it runs again, and every
block before the cut returns the given residual stream. Masks, positions and pooling stay the
model's own: a family needs no second implementation here, only a few facts.

A module's `forward` is replaced while a cut tower runs, and is restored afterwards, also after an
error; one model can't run in two threads at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, Self

from torch import Tensor, nn

from vlminterp.adapters.dual_encoder import (
    BEFORE_ALL_BLOCKS,
    Inputs,
    Layer,
    State,
    Tower,
    unit_length,
)
from vlminterp.errors import ModelError

Forward = Callable[..., Any]
"""The forward of a module."""


class StreamLayout(Enum):
    """Memory layout of a residual stream."""

    tokens = "[B, N, C]"
    channels_first = "[B, C, rows, columns]"
    channels_last = "[B, rows, columns, C]"

    def to_tokens(self, stream: Tensor) -> Tensor:
        """Converts a stream to `[B, N, C]`, rows of a feature map one after the other."""
        if self is StreamLayout.channels_first:
            return stream.flatten(2).transpose(1, 2)
        return stream.flatten(1, 2) if self is StreamLayout.channels_last else stream

    def from_tokens(self, hidden: Tensor, grids: Sequence[tuple[int, int]]) -> Tensor:
        """Inverts `to_tokens`; all feature maps of a batch have one grid."""
        if self is StreamLayout.tokens:
            return hidden
        stream = hidden.reshape(len(hidden), *grids[0], -1)
        return stream.permute(0, 3, 1, 2) if self is StreamLayout.channels_first else stream


@dataclass(frozen=True)
class ReplayState(State):
    """A cut from which the model's own forward can be run again.

    Attributes:
        inputs: The model's inputs.
        repeats: Whether copies need their own rows of `inputs`, as for text, whose masks are made
            from the ids. Pixels alone don't: the stem's output is not used after a cut.
        output: Output of the block at the cut (or input of block 0): a tensor, or a tuple that
            begins with one.
        layout: Layout of that tensor.
    """

    inputs: tuple[Tensor, ...] = ()
    repeats: bool = False
    output: Any = None
    layout: StreamLayout = StreamLayout.tokens

    def with_hidden(self, hidden: Tensor) -> Self:
        """Returns the same cut with another residual stream; see `State.with_hidden`."""
        copies = len(hidden) // len(self.hidden)
        inputs = self.inputs
        if self.repeats:
            inputs = tuple(tensor.repeat_interleave(copies, dim=0) for tensor in inputs)
        output = _repeated(self.output, len(self.hidden), copies)
        return replace(super().with_hidden(hidden), inputs=inputs, output=output)


class ReplayTower(Tower[Inputs], ABC, Generic[Inputs]):
    """A tower that is cut by standing in for its blocks.

    Args:
        encode: The model's own function from its inputs to embeddings `[B, D]`, of any length.
        blocks: Modules that run one after the other, each once.
    """

    def __init__(self, encode: Callable[..., Tensor], blocks: Sequence[nn.Module]) -> None:
        self._encode = encode
        self.blocks = tuple(blocks)

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    def modules(self) -> Iterable[nn.Module]:
        """Returns the modules of the blocks, inner ones included."""
        return (module for block in self.blocks for module in block.modules())

    @abstractmethod
    def take(self, inputs: Inputs) -> tuple[Tensor, ...]:
        """Returns the model's inputs, on its device and in its type."""

    @abstractmethod
    def state(self, taken: tuple[Tensor, ...], stream: Tensor) -> ReplayState:
        """Returns the state at a cut, with masks, positions and grid."""

    def encode(self, inputs: Inputs) -> Tensor:
        """Returns embeddings of unit length, `[B, D]`."""
        return unit_length(self._encode(*self.take(inputs)))

    def prefix(self, inputs: Inputs, layer: Layer) -> ReplayState:
        """Runs the tower up to a cut; see `Tower.prefix`."""
        return self._stopped(self.take(inputs), self.resolve_layer(layer), {})

    def advance(self, state: State, layer: Layer) -> ReplayState:
        """Runs the tower from one cut to another; see `Tower.advance`."""
        own = _own(state)
        block = self.resolve_later(layer, own)
        return own if block == own.block else self._stopped(own.inputs, block, self._resuming(own))

    def suffix(self, state: State) -> Tensor:
        """Runs the rest of the tower; see `Tower.suffix`."""
        own = _own(state)
        with _standing_in(self._resuming(own)):
            return unit_length(self._encode(*own.inputs))

    def _stopped(
        self, taken: tuple[Tensor, ...], block: int, stand_ins: Mapping[nn.Module, Forward]
    ) -> ReplayState:
        """Runs the model's own forward up to a cut, with stand-ins for blocks before it."""
        module = self.blocks[max(block, 0)]
        forward = stand_ins.get(module, module.forward)

        def stop(*args: Any, **kwargs: Any) -> None:
            before = block == BEFORE_ALL_BLOCKS
            raise _Reached(_stream_of(args, kwargs) if before else forward(*args, **kwargs))

        try:
            with _standing_in({**stand_ins, module: stop}):
                self._encode(*taken)
        except _Reached as reached:
            output = reached.output
        else:
            raise ModelError(f"block {block} of this tower is not run by its encoder")
        stream = output[0] if isinstance(output, tuple) else output
        return replace(self.state(taken, stream), block=block, output=output)

    def _resuming(self, state: ReplayState) -> dict[nn.Module, Forward]:
        """Returns stand-ins for the blocks before a cut, which return its stream."""
        stream: Tensor = state.layout.from_tokens(state.hidden, state.grids)
        output: Any = state.output
        if state.block == BEFORE_ALL_BLOCKS:
            first = self.blocks[0]
            return {first: _fed(first.forward, stream)}
        given = (stream, *output[1:]) if isinstance(output, tuple) else stream
        return dict.fromkeys(self.blocks[: state.block + 1], lambda *_, **__: given)


def find_blocks(tower: nn.Module) -> Sequence[nn.Module]:
    """Finds the blocks of a tower: its first, outermost `nn.ModuleList` that is not empty.

    Raises:
        ModelError: It has none.
    """
    for module in tower.modules():
        if isinstance(module, nn.ModuleList) and len(module):
            return list(module)
    raise ModelError(f"a {type(tower).__name__} has no list of blocks to cut it at")


def _own(state: State) -> ReplayState:
    if not isinstance(state, ReplayState):
        raise TypeError("this state is from another tower")
    return state


class _Reached(Exception):  # noqa: N818  (no error: it stops a forward at the cut)
    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output


@contextmanager
def _standing_in(stand_ins: Mapping[nn.Module, Forward]) -> Iterator[None]:
    """Replaces the forwards of some modules in the `with` block."""
    # Other tools (accelerate's hooks) may have put a forward there as well.
    before = {module: vars(module).get("forward") for module in stand_ins}
    for module, forward in stand_ins.items():
        module.forward = forward
    try:
        yield
    finally:
        for module, own in before.items():
            if own is None:
                del module.forward  # uncovers the class's own
            else:
                module.forward = own


def _fed(forward: Forward, stream: Tensor) -> Forward:
    """Returns a block's own forward, bound to another residual stream."""

    def run(*args: Any, **kwargs: Any) -> Any:
        if args:
            return forward(stream, *args[1:], **kwargs)
        return forward(**(kwargs | {next(iter(kwargs)): stream}))

    return run


def _stream_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Tensor:
    stream: Tensor = args[0] if args else next(iter(kwargs.values()))
    return stream


def _repeated(output: Any, batch: int, copies: int) -> Any:
    """Repeats what a block returned beside the stream, for every copy."""
    if not isinstance(output, tuple):
        return output
    return tuple(
        part.repeat_interleave(copies, dim=0)
        if isinstance(part, Tensor) and part.ndim and len(part) == batch
        else part
        for part in output
    )
