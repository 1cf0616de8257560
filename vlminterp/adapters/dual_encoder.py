"""The interface of a VLM to plugins: two towers, each of which can be cut after any block.

Letters in shapes: B batch, N patches or tokens of one input, T text length, C width of a block,
D embedding size, K other batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from vlminterp.adapters.inputs import Pictures, pictures_of
from vlminterp.adapters.recording import Edit, Recording, recording
from vlminterp.errors import ConfigError, ModelError

Layer = int | float | str
"""Where a tower is cut: the output of block `int`, a relative depth `float`, or `"embeddings"`."""

EMBEDDINGS = "embeddings"
BEFORE_ALL_BLOCKS = -1


@dataclass(frozen=True)
class Geometry:
    """The place of a model's input on the original image.

    Attributes:
        size: Height and width of the original image, in pixels.
        box: Left, top, right, bottom of the part that the input shows, in pixels of the original
            image; it exceeds the image where the input was padded.
    """

    size: tuple[int, int]
    box: tuple[float, float, float, float]

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the box, as shares of the image's width and height."""
        height, width = self.size
        left, top, right, bottom = self.box
        return left / width, top / height, (right - left) / width, (bottom - top) / height

    def upper_left(self, share: tuple[float, float]) -> "Geometry":
        """Returns the geometry of the upper left part of the input.

        Args:
            share: Height and width of that part, as shares of the input's.
        """
        left, top, right, bottom = self.box
        down, across = share
        box = (left, top, left + across * (right - left), top + down * (bottom - top))
        return replace(self, box=box)


@dataclass(frozen=True)
class Pixels:
    """Images as one model takes them.

    Attributes:
        values: Normalised pixel values, float32 `[B, 3, H, W]`.
        geometry: Where each input lies on its original image.
        sizes: Height and width of each input, which lies at the top left of its values; empty
            where all are H × W.
    """

    values: Tensor
    geometry: tuple[Geometry, ...]
    sizes: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def size(self, index: int) -> tuple[int, int]:
        """Returns the height and width of one input."""
        return self.sizes[index] if self.sizes else (self.values.shape[2], self.values.shape[3])

    def of(self, index: int) -> Tensor:
        """Returns one input without its padding, `[3, height, width]`."""
        height, width = self.size(index)
        return self.values[index, :, :height, :width]


@dataclass(frozen=True)
class Word:
    """One word of a caption.

    Attributes:
        text: The word as the caption writes it.
        start: Index of its first token.
        stop: Index of the token after its last one.
        span: Start and stop of its characters in the caption.
    """

    text: str
    start: int
    stop: int
    span: tuple[int, int]


@dataclass(frozen=True)
class Tokens:
    """Captions as one model takes them.

    Attributes:
        ids: Token ids, int64 `[B, T]`.
        mask: True at tokens, False at padding, bool `[B, T]`.
        special: True at tokens that the tokenizer added (begin, end, padding), bool `[B, T]`.
        words: The words of each caption; the same for every tokenizer, except for words that share
            a token or have none.
        truncated: Whether the model stops before the caption's end: the caption is longer than the
            context, or has an end token written in it.
    """

    ids: Tensor
    mask: Tensor
    special: Tensor
    words: tuple[tuple[Word, ...], ...]
    truncated: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def empty(self) -> list[bool]:
        """Tells for each caption whether it has no token of its own."""
        empty: list[bool] = self.special.all(1).tolist()
        return empty


Inputs = TypeVar("Inputs", Pixels, Tokens)


@dataclass(frozen=True)
class State:
    """A tower's residual stream at a cut, with everything that resuming needs.

    Attributes:
        hidden: Residual stream, `[B, N, C]`.
        block: Index of the block whose output this is; -1 is the input of block 0.
        mask: True where a token counts, False at padding, bool `[B, N]`.
        pooled: Position of the one token that becomes the embedding, int64 `[B]`; None where the
            tower pools over several.
        prefix_tokens: Tokens before the patches (CLS, registers); 0 for text.
        grids: Rows and columns of each input's patches; empty for text.
        coverage: Share of an input's height and width that its patches cover, from the top left:
            below 1 where they leave a remainder, above 1 where the model pads.
        attention_mask: Added to the attention's logits, `[1 or B, 1, N, N]`; None where every
            token sees every other.
    """

    hidden: Tensor
    block: int
    mask: Tensor
    pooled: Tensor | None
    prefix_tokens: int
    grids: tuple[tuple[int, int], ...] = ()
    coverage: tuple[float, float] = (1.0, 1.0)
    attention_mask: Tensor | None = None

    def with_hidden(self, hidden: Tensor) -> Self:
        """Returns the same cut with another residual stream.

        Args:
            hidden: Residual stream, `[B·n, N, C]`; copy j of input b is row b·n + j.

        Returns:
            A state whose masks and positions are repeated n times.
        """
        copies = len(hidden) // len(self.hidden)
        attention_mask = self.attention_mask
        if attention_mask is not None and len(attention_mask) > 1:
            attention_mask = attention_mask.repeat_interleave(copies, dim=0)
        return replace(
            self,
            hidden=hidden,
            mask=self.mask.repeat_interleave(copies, dim=0),
            pooled=None if self.pooled is None else self.pooled.repeat_interleave(copies, dim=0),
            grids=tuple(grid for grid in self.grids for _ in range(copies)),
            attention_mask=attention_mask,
        )


class Tower(ABC, Generic[Inputs]):
    """One tower that can be cut after any block.

    The law, for every layer: `suffix(prefix(inputs, layer)) == encode(inputs)`.
    """

    @property
    @abstractmethod
    def depth(self) -> int:
        """Number of blocks, and so of integer cuts."""

    @abstractmethod
    def prefix(self, inputs: Inputs, layer: Layer) -> State:
        """Runs the tower up to a cut.

        Args:
            inputs: Pixels for a vision tower, tokens for a text tower.
            layer: The cut; see `resolve_layer`.

        Returns:
            The state after that block.
        """

    @abstractmethod
    def advance(self, state: State, layer: Layer) -> State:
        """Runs the tower from one cut to another.

        Args:
            state: A state that `prefix` returned, possibly with another `hidden`.
            layer: A cut that is not before that state's; see `resolve_layer`.

        Returns:
            The state after that block: `advance(prefix(inputs, l), m) == prefix(inputs, m)`.

        Raises:
            ConfigError: That cut is before the state's, or there is none such.
        """

    @abstractmethod
    def suffix(self, state: State) -> Tensor:
        """Runs the rest of the tower.

        Args:
            state: A state that `prefix` returned, possibly with another `hidden`.

        Returns:
            Embeddings of unit length, `[B, D]`, float32 (float64 for a float64 tower).
        """

    def encode(self, inputs: Inputs) -> Tensor:
        """Returns embeddings of unit length, `[B, D]`."""
        return self.suffix(self.prefix(inputs, EMBEDDINGS))

    def modules(self) -> Iterable[nn.Module]:
        """Returns the modules of the blocks, where the tower is made of modules."""
        return ()

    def recording(self, edit: Edit | None = None) -> AbstractContextManager[Recording]:
        """Records the attention of each block that this thread runs, in order.

        Nothing stays behind when the `with` block ends, also after an error.

        Args:
            edit: Puts other probabilities in the place of those that were computed.

        Example:
            ```python
            with tower.recording() as recording:
                embeddings = tower.encode(inputs)
            for attention in recording.blocks(tower.depth, len(embeddings)):
                attention.probabilities  # [B, H, N, N]
            ```
        """
        return recording(self.modules(), edit)

    def resolve_layer(self, layer: Layer) -> int:
        """Turns any way of naming a cut into a block index.

        Args:
            layer: An int 0…depth-1 is the output of that block, a negative one counts from the
                end, a float in [0, 1] is round(x·(depth-1)), "embeddings" the input of block 0.

        Returns:
            The block index; -1 for "embeddings".

        Raises:
            ConfigError: The tower has no such cut.
        """
        last = self.depth - 1
        if layer == EMBEDDINGS:
            return BEFORE_ALL_BLOCKS
        if isinstance(layer, float) and 0 <= layer <= 1:
            return round(layer * last)
        if isinstance(layer, int) and -self.depth <= layer <= last:
            return layer % self.depth
        raise ConfigError(
            f"layer={layer} is no cut of this tower; "
            f"use an int in {-self.depth}…{last}, a float in 0.0…1.0, or '{EMBEDDINGS}'"
        )

    def resolve_later(self, layer: Layer, state: State) -> int:
        """Turns a cut at or after a state's into a block index; see `advance`.

        Raises:
            ConfigError: That cut is before the state's, or there is none such.
        """
        block = self.resolve_layer(layer)
        if block < state.block:
            raise ConfigError(f"layer={layer} is before block {state.block}, which has already run")
        return block


def unit_length(embeddings: Tensor) -> Tensor:
    """Scales embeddings `[B, D]` to unit length, in float32 where they were less precise."""
    if embeddings.dtype in (torch.float16, torch.bfloat16):
        embeddings = embeddings.float()
    return functional.normalize(embeddings, dim=-1)


class DualEncoder(ABC):
    """A CLIP-like model: an image tower and a text tower that share one embedding space.

    Args:
        name: Name in reports.
        preprocessing: Pipeline for images; needed only by `preprocess`.
        tokenizer: The backend's own; needed only by `tokenize`.
    """

    vision: Tower[Pixels]
    text: Tower[Tokens]

    def __init__(
        self,
        name: str = "",
        preprocessing: Callable[[Sequence[Image.Image]], Pixels] | None = None,
        tokenizer: Any = None,
    ) -> None:
        self.name = name
        self._preprocessing = preprocessing
        self._tokenizer = tokenizer

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Device of the weights."""

    @property
    @abstractmethod
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The model's own logit scale (a factor, not its logarithm) and logit bias."""

    def preprocess(self, images: Pictures) -> Pixels:
        """Resizes, crops and normalises images as in this model's training.

        Args:
            images: PIL images, paths, encoded pictures, or arrays, uint8 `[height, width, 3]`.

        Raises:
            ModelError: The model was wrapped without its preprocessing.
            InputError: One of them is no picture, or can't be read.
        """
        if self._preprocessing is None:
            raise ModelError(self._lacks("preprocessing"))
        return self._preprocessing(pictures_of(images))

    @abstractmethod
    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into this model's tokens, and truncates those longer than its context."""

    def notes(self) -> Sequence[str]:
        """Returns notes for users on where inputs depart from the backend's own, one line each."""
        return ()

    @property
    def tokenizer(self) -> Any:
        """The backend's own tokenizer.

        Raises:
            ModelError: The model was wrapped without it.
        """
        if self._tokenizer is None:
            raise ModelError(self._lacks("tokenizer"))
        return self._tokenizer

    def _lacks(self, part: str) -> str:
        kind = type(self).__name__
        return f"{self.name} was wrapped without {part}; pass {kind}(model, {part}=…)"

    def check(self) -> None:  # noqa: B027  (an encoder without a backend has nothing to ask)
        """Checks that the model runs as its backend runs it; called once, after loading.

        Raises:
            ModelError: It does not; the message says what differs.
        """

    def encode_image(self, pixels: Pixels) -> Tensor:
        """Returns image embeddings of unit length, `[B, D]`."""
        return self.vision.encode(pixels)

    def encode_text(self, tokens: Tokens) -> Tensor:
        """Returns text embeddings of unit length, `[B, D]`."""
        return self.text.encode(tokens)

    def similarity(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns cosines of the rows of `first [B, D]` and of `second [K, D]`, `[B, K]`."""
        return functional.normalize(first, dim=-1) @ functional.normalize(second, dim=-1).T

    def logits(self, first: Tensor, second: Tensor) -> Tensor:
        """Returns cosines with the model's own scale and bias applied, `[B, K]`."""
        scale, bias = self.scale_and_bias
        return self.similarity(first, second) * scale + bias
