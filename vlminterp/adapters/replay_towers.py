"""The two kinds of towers that are cut by replay: images and captions."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from vlminterp.adapters.dual_encoder import BEFORE_ALL_BLOCKS, Pixels, Tokens
from vlminterp.adapters.replay import ReplayState, ReplayTower, StreamLayout
from vlminterp.errors import ModelError

PoolAt = Callable[[Tensor, Tensor], Tensor]
"""Maps ids and mask `[B, T]` to the position of the token that is pooled, int64 `[B]`."""


@dataclass(frozen=True)
class ImageFacts:
    """Facts of an image tower that replaying it needs.

    Attributes:
        size: Height and width of its inputs.
        prefix_tokens: Number of tokens before the patches (CLS, registers).
        pools_first: Whether the embedding is read at the first token alone.
        layout: Layout of the residual stream between blocks.
        patch: Height and width of a patch, which a convolution of that stride cuts; None where
            several convolutions do.
        grid: Rows and columns of the patches, where `patch` does not tell them; a feature map has
            its own.
        repeats: Whether the model derives something from its inputs that every copy needs, such as
            an attention mask.
    """

    size: tuple[int, int]
    prefix_tokens: int = 0
    pools_first: bool = False
    layout: StreamLayout = StreamLayout.tokens
    patch: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None
    repeats: bool = False

    def grid_of(self, stream: Tensor) -> tuple[int, int]:
        """Returns the rows and columns of a residual stream."""
        if self.layout is not StreamLayout.tokens:
            rows = 2 if self.layout is StreamLayout.channels_first else 1
            return stream.shape[rows], stream.shape[rows + 1]
        return self.grid or whole_patches(self.size, self.patch or (1, 1))

    def coverage(self, grid: tuple[int, int]) -> tuple[float, float]:
        """Returns the share of height and width that a grid covers; see `State`."""
        strides = self.patch or tuple(map(_halvings, self.size, grid))
        return covered(self.size, grid, (strides[0], strides[1]))


def whole_patches(size: tuple[int, int], patch: tuple[int, int]) -> tuple[int, int]:
    """Returns the rows and columns of the patches that fit an input."""
    return size[0] // patch[0], size[1] // patch[1]


def covered(
    size: tuple[int, int], grid: tuple[int, int], patch: tuple[int, int]
) -> tuple[float, float]:
    """Returns the share of an input's height and width that a grid of patches covers."""
    return grid[0] * patch[0] / size[0], grid[1] * patch[1] / size[1]


def _halvings(length: int, cells: int) -> int:
    """Returns the stride of convolutions that each halve an edge, with or without padding.

    Raises:
        ModelError: It is no power of two.
    """
    stride: int = 2 ** round(math.log2(length / cells))
    if abs(cells * stride - length) >= stride:
        raise ModelError(f"an edge of {length} pixels has become {cells} cells, not by halving it")
    return stride


class ReplayVision(ReplayTower[Pixels]):
    """An image tower that is cut by replay.

    Args:
        encode: The model's function from pixel values `[B, 3, H, W]` to embeddings `[B, D]`.
        blocks: Its blocks or stages.
        facts: Facts of the tower.
    """

    def __init__(
        self, encode: Callable[..., Tensor], blocks: Sequence[nn.Module], facts: ImageFacts
    ) -> None:
        super().__init__(encode, blocks)
        self._weight = next(blocks[0].parameters())
        self.facts = facts

    def take(self, inputs: Pixels) -> tuple[Tensor, ...]:
        """Returns pixel values on the model's device and in its type.

        Raises:
            ModelError: They are not of the size that the model takes.
        """
        values = inputs.values.to(self._weight.device, self._weight.dtype)
        if tuple(values.shape[2:]) != self.facts.size:
            raise ModelError(
                f"this model takes images of {self.facts.size[0]}×{self.facts.size[1]}, "
                f"not {values.shape[2]}×{values.shape[3]}"
            )
        return (values,)

    def state(self, taken: tuple[Tensor, ...], stream: Tensor) -> ReplayState:
        """Returns a state in which every patch counts; a feature map has its own grid."""
        facts = self.facts
        grid = facts.grid_of(stream)
        hidden = facts.layout.to_tokens(stream)
        places = torch.zeros(len(hidden), dtype=torch.long, device=hidden.device)
        return ReplayState(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device),
            pooled=places if facts.pools_first else None,
            prefix_tokens=facts.prefix_tokens,
            grids=(grid,) * len(hidden),
            coverage=facts.coverage(grid),
            inputs=taken,
            repeats=facts.repeats,
            layout=facts.layout,
        )


class ReplayText(ReplayTower[Tokens]):
    """A text tower that is cut by replay.

    Args:
        encode: The model's function from ids and mask, `[B, T]` int64 each, to embeddings `[B, D]`.
        blocks: Its blocks.
        pool_at: Position at which the embedding is read; None where it is read at several.
        sees_padding: Whether padding is read like any token (SigLIP), so that it counts.
        context: Length to which captions are padded, with id 0, where the model takes no other.
    """

    def __init__(
        self,
        encode: Callable[[Tensor, Tensor], Tensor],
        blocks: Sequence[nn.Module],
        *,
        pool_at: PoolAt | None = None,
        sees_padding: bool = False,
        context: int | None = None,
    ) -> None:
        super().__init__(encode, blocks)
        self._device_of = next(blocks[0].parameters())
        self._pool_at = pool_at
        self._sees_padding = sees_padding
        self._context = context

    def take(self, inputs: Tokens) -> tuple[Tensor, Tensor]:
        """Returns ids and mask on the model's device, padded to the context if it needs that."""
        length = inputs.ids.shape[1]
        behind = (0, (self._context or length) - length)
        device = self._device_of.device
        ids, mask = inputs.ids.to(device), inputs.mask.to(device).long()
        return functional.pad(ids, behind), functional.pad(mask, behind)

    def state(self, taken: tuple[Tensor, ...], stream: Tensor) -> ReplayState:
        """Returns a state; padding counts if the model reads it, its own tokens always count."""
        ids, mask = taken
        counted = mask.bool()
        if self._sees_padding:
            counted = torch.ones_like(counted)
        own = stream.shape[1] - counted.shape[1]
        return ReplayState(
            hidden=stream,
            block=BEFORE_ALL_BLOCKS,
            mask=functional.pad(counted, (0, own), value=True),
            pooled=None if self._pool_at is None else self._pool_at(ids, mask),
            prefix_tokens=0,
            inputs=taken,
            repeats=True,
        )


def at_first(ids: Tensor, mask: Tensor) -> Tensor:
    """Returns the position of the first token: CLS."""
    return torch.zeros_like(ids[:, 0])


def at_last_position(ids: Tensor, mask: Tensor) -> Tensor:
    """Returns the last position, even if it is padding."""
    return torch.full_like(ids[:, 0], ids.shape[1] - 1)


def at_largest_id(ids: Tensor, mask: Tensor) -> Tensor:
    """Returns the position of the largest id: the end token in CLIP's vocabulary."""
    return ids.argmax(1)


def at_id(end: int) -> PoolAt:
    """Returns a function that finds the first token with an id."""
    return lambda ids, mask: (ids == end).int().argmax(1)
