"""The one result type of every attribution method, and the protocol that methods follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens, Word
from vlminterp.attribution.blur import blurred
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.errors import InputError, ModelError


class Side(Enum):
    """The input of a pair that an explanation is about."""

    image = "image"
    text = "text"


@dataclass(frozen=True)
class Explanation:
    """The contributions of one side of each image-text pair.

    Attributes:
        side: The input that is explained.
        scores: Contribution of every token, prefix tokens and specials included, float32 `[B, N]`,
            in `unit`; 0 at padding.
        unit: The unit of the scores, e.g. "nats".
        layer: The block at whose output the scores were read; -1 is the input of block 0.
        similarity: Cosine of the untouched pair, float32 `[B]`.
        prefix_tokens: Tokens before the patches (CLS, registers); 0 for text.
        grids: Rows and columns of each input's patches (image side).
        coverage: Share of an input's height and width that the patches cover, from the top left
            (image side); see `State`.
        geometry: Where each input lies on its original image (image side).
        words: The words of each caption as runs of tokens (text side, or with `interactions`).
        curves: Named trajectories of the method's own optimisation, float32 `[B, steps]` each.
        method: The method's name, where several may be run side by side.
        signed: Whether scores below 0 say as much as those above: they count against what was
            asked, and are drawn in a colour of their own.
        numbers: Further numbers of each pair by name, float32 `[B]` each.
        interactions: Contribution of each word together with each patch, one tensor per pair,
            float32 `[words, rows, columns]` (image side, of methods that tell it).
        labels: Further words about each pair by name, B each.
    """

    side: Side
    scores: Tensor
    unit: str
    layer: int
    similarity: Tensor
    prefix_tokens: int = 0
    grids: tuple[tuple[int, int], ...] = ()
    coverage: tuple[float, float] = (1.0, 1.0)
    geometry: tuple[Geometry, ...] = ()
    words: tuple[tuple[Word, ...], ...] = ()
    curves: Mapping[str, Tensor] = field(default_factory=dict)
    method: str = ""
    signed: bool = False
    numbers: Mapping[str, Tensor] = field(default_factory=dict)
    interactions: tuple[Tensor, ...] = ()
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.scores)

    def rows(self, indices: Sequence[int]) -> Self:
        """Returns the explanations of some of the pairs."""
        chosen = list(indices)
        return replace(
            self,
            scores=self.scores[chosen],
            similarity=self.similarity[chosen],
            grids=tuple(self.grids[i] for i in chosen) if self.grids else (),
            geometry=tuple(self.geometry[i] for i in chosen) if self.geometry else (),
            words=tuple(self.words[i] for i in chosen) if self.words else (),
            curves={name: values[chosen] for name, values in self.curves.items()},
            numbers={name: values[chosen] for name, values in self.numbers.items()},
            interactions=tuple(self.interactions[i] for i in chosen) if self.interactions else (),
            labels={name: [values[i] for i in chosen] for name, values in self.labels.items()},
        )

    def blurred(self, patches: float) -> Self:
        """Returns the explanation with its maps blurred; a text's stays as it is.

        Args:
            patches: Standard deviation of the blur, in patches, ≥ 0.
        """
        if not self.grids or patches == 0:
            return self
        scores = self.scores.clone()
        for index in range(len(self)):
            soft = torch.from_numpy(blurred(self.map(index).numpy(), patches))
            scores[index, self._patches(index)] = soft.flatten()
        return replace(self, scores=scores)

    def not_finite(self) -> dict[int, str]:
        """Returns a reason for each pair whose scores are not finite, by its place in the batch."""
        reason = (
            f"the scores of the {self.side.value} are not finite: a number grew too large for "
            "model.dtype, or a setting of the method is too large"
        )
        finite = self.scores.isfinite().all(1) & self.similarity.isfinite()
        return dict.fromkeys((~finite).nonzero().flatten().tolist(), reason)

    def map(self, index: int, scores: Tensor | None = None) -> Tensor:
        """Returns the scores of one image's patches, float32 `[rows, columns]` (image side only).

        Args:
            index: The image's place in the batch.
            scores: Scores to use instead of `self.scores`, `[B, N]`, such as `normalised()`.
        """
        if not self.grids:
            raise ValueError("a text explanation has words, not a map")
        scores = self.scores if scores is None else scores
        return scores[index, self._patches(index)].reshape(self.grids[index])

    def _patches(self, index: int) -> slice:
        """Returns the places of the patches, which some towers follow with tokens of their own."""
        rows, columns = self.grids[index]
        return slice(self.prefix_tokens, self.prefix_tokens + rows * columns)

    def footprint(self, index: int) -> Geometry:
        """Returns the part of the original image that one map's patches cover."""
        return self.geometry[index].upper_left(self.coverage)

    def on_image(self, index: int, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
        """Draws one map onto its original image.

        Args:
            index: The image's place in the batch.
            size: Height and width at which the image is shown; the original's by default.

        Returns:
            `[height, width]`; NaN where the model did not look.
        """
        return place_on_image(self.map(index).numpy(), self.footprint(index), size)

    def word_scores(self, index: int) -> list[tuple[Word, float]]:
        """Returns each word of one caption with the sum over its tokens (text side only)."""
        if self.side is Side.image:
            raise ValueError("an image explanation has a map, not words; see on_image")
        row = self.scores[index]
        return [(word, float(row[word.start : word.stop].sum())) for word in self.words[index]]

    def normalised(self) -> Tensor:
        """Scales patches (image) or words' tokens (text) to [0, 1] per input; all else is 0.

        Min-max scaling stretches even a map without anything relevant, so show the raw scores
        beside it. A constant map gives zeros.

        Returns:
            float32 `[B, N]`, shaped like `scores`.
        """
        counted = torch.zeros_like(self.scores, dtype=torch.bool)
        for index in range(len(self.grids)):
            counted[index, self._patches(index)] = True
        for row, words in enumerate(self.words if self.side is Side.text else ()):
            for word in words:
                counted[row, word.start : word.stop] = True
        infinity = torch.tensor(torch.inf)
        low = torch.where(counted, self.scores, infinity).amin(1, keepdim=True)
        high = torch.where(counted, self.scores, -infinity).amax(1, keepdim=True)
        scaled = (self.scores - low) / (high - low).clamp_min(torch.finfo(torch.float32).tiny)
        return torch.where(counted, scaled, torch.zeros(()))


def require_pairs(pixels: Pixels, tokens: Tokens) -> None:
    """Checks that there is one caption for each image, and that none is empty.

    Every attributor calls this first: one image would silently be broadcast over several captions.

    Raises:
        InputError: The numbers of images and captions differ, or a caption has no tokens.
    """
    images, captions = len(pixels), len(tokens)
    if images != captions:
        raise InputError(
            f"{_counted(images, 'image')} and {_counted(captions, 'caption')}; give as many of both"
        )
    for number, empty in enumerate(tokens.empty(), 1):
        if empty:
            raise InputError(f"caption {number} is empty")


def require_finite(explanation: Explanation) -> None:
    """Checks that every score is a number, where no pair can be left out.

    Raises:
        ModelError: One is not; drawn, it would look like a map on which nothing counts.
    """
    for reason in explanation.not_finite().values():
        raise ModelError(reason)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@runtime_checkable
class Attributor(Protocol):
    """A method that explains image-text pairs, one side at a time."""

    def attribute(self, pixels: Pixels, tokens: Tokens) -> Explanation:
        """Explains each pair of a batch; a pair's result does not depend on its batch."""
