"""One explained picture and caption, which shows itself in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from vlminterp.drawing.figure import figure
from vlminterp.drawing.numbers import number
from vlminterp.drawing.overlay import overlay
from vlminterp.drawing.signed import signed_overlay
from vlminterp.report.cards import data_uri
from vlminterp.report.templating import environment
from vlminterp.report.words import coloured_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Passport:
    """The trust in a map; calibrated on planted VLMs, on real ones a lead.

    Attributes:
        word: `trust`, `doubt` or `nothing there`.
        trust: Probability that the map's heat lies on what causes the score.
        nothing: Probability that nothing in the picture answers the caption.
    """

    word: str
    trust: float
    nothing: float


@dataclass(frozen=True)
class WordsOnPatches:
    """The contribution of each word of a caption together with each patch of a picture.

    Attributes:
        words: The words.
        scores: Their contributions, float32 `[words, rows, columns]`.
        box: Left, top, width and height of the patches, as shares of the picture's width (left and
            width) and height.
    """

    words: Sequence[str]
    scores: NDArray[np.float32]
    box: tuple[float, float, float, float]


LONGEST_SIDE = 420
"""Longest side of a picture in a notebook, in pixels."""


@dataclass(frozen=True, repr=False)
class PairExplanation:
    """The answer of one method for one picture and one caption.

    As the last value of a notebook's cell it shows its overlay and the coloured words.

    Attributes:
        model: The model's name.
        method: The method's name.
        image: The picture, upright and in RGB.
        text: The caption.
        similarity: Cosine of picture and caption, in [-1, 1].
        truncated: Whether the model read the caption only in part.
        unit: The unit of all scores, e.g. "nats" or "cosine".
        signed: Whether scores below 0 count against what was asked.
        heat: Scores of the picture's pixels, float32 `[height, width]` of `image`; NaN where the
            model did not look; None where the method does not explain pictures.
        words: Each word of the caption with its score; empty where the method does not explain
            text.
        passport: The trust in the map; None where it was not asked.
        together: The contribution of each word together with each patch; None where the method
            does not tell it.
    """

    model: str
    method: str
    image: Image.Image
    text: str
    similarity: float
    truncated: bool
    unit: str
    signed: bool
    heat: NDArray[np.float32] | None
    words: Sequence[tuple[str, float]]
    passport: "Passport | None" = None
    together: "WordsOnPatches | None" = None

    @property
    def top(self) -> float:
        """The highest score of a pixel, in absolute value if signed; 0 without a map."""
        if self.heat is None:
            return 0.0
        return float(np.nanmax(np.abs(self.heat) if self.signed else self.heat, initial=0.0))

    def overlay(self, top: float | None = None) -> Image.Image:
        """Draws the map over the picture.

        Args:
            top: The score that has the last colour; by default the map's own highest.

        Returns:
            RGB, as large as `image`; the picture alone where there is no map.
        """
        if self.heat is None:
            return self.image
        draw = signed_overlay if self.signed else overlay
        return draw(self.image, self.heat, self.top if top is None else top)

    def figure(self) -> Image.Image:
        """Draws the picture, the overlay with its scale, and the words, as run folders keep it."""
        return figure(self.image, self.heat, self.words, self.unit, self.text, signed=self.signed)

    def plot(self) -> "Figure":
        """Draws the overlay with its scale and the words' scores as bars, with matplotlib.

        Returns:
            A figure that shows itself in a notebook; save it by `.savefig("cat.png")`.
        """
        from vlminterp_attribution.plotting import plotted

        top = self.top or 1.0
        ends = None if self.heat is None else (-top if self.signed else 0.0, top)
        return plotted(self.overlay(), self.text, ends, self.words, self.unit)

    def __repr__(self) -> str:
        return (
            f"PairExplanation({self.method} on {self.model}: {shorten(self.text, 60)!r}, "
            f"similarity {self.similarity:.3f}, up to {number(self.top, 2)} {self.unit})"
        )

    def _repr_html_(self) -> str:
        return PairExplanations([self])._repr_html_()

    def _small(self, top: float) -> str:
        """Returns the overlay at a notebook's size, as a data URI."""
        shrink = max(max(self.image.size) / LONGEST_SIDE, 1)
        size = [max(round(side / shrink), 1) for side in self.image.size]
        drawn = self.overlay(top).resize((size[0], size[1]), Image.Resampling.LANCZOS)
        return data_uri(drawn)


class PairExplanations(tuple[PairExplanation, ...]):
    """Several explanations, which a notebook shows side by side on one scale of colours."""

    def _repr_html_(self) -> str:
        top = max((one.top for one in self), default=0.0)
        highest = max((abs(score) for one in self for _, score in one.words), default=0.0)
        views = [
            {
                "pair": one,
                "overlay": one._small(top),
                "words": coloured_words(one.words, highest or 1.0, one.unit)
                if one.words
                else Markup.escape(one.text),
            }
            for one in self
        ]
        template = environment("vlminterp_attribution").get_template("cell.html.j2")
        return template.render(views=views, top=top)
