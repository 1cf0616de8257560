"""The part of the page that shows which word looks where."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import Geometry
from vlminterp.attribution.rows import PairResult
from vlminterp.drawing.signed import signed_layer
from vlminterp.report.cards import data_uri
from vlminterp_attribution.pair_explanation import WordsOnPatches


@dataclass(frozen=True)
class Look:
    """The map of one word.

    Attributes:
        word: The word.
        score: The sum over patches.
        grid: The word's contribution with each patch, float32 `[rows, columns]`.
        heat: One pixel for each patch, to be stretched over the picture, as a data URI.
        where: The place of the highest patch, in words.
    """

    word: str
    score: float
    grid: NDArray[np.float32]
    heat: str
    where: str

    def shares(self, top: float) -> str:
        """Returns each patch's score as a whole percentage of a top, row by row, for a script."""
        rows = (100 * self.grid / top).round().astype(int)
        return ";".join(",".join(map(str, row)) for row in rows.tolist())


@dataclass(frozen=True)
class Looks:
    """The maps of a caption's words by one method, on one scale.

    Attributes:
        method: The method's name.
        unit: The unit of its scores.
        top: The absolute score that is drawn strongest.
        box: Left, top, width and height of the patches, as shares of the picture's width (left and
            width) and height.
        looks: The maps, in the order of the caption.
        strongest: Place of the word with the highest score.
    """

    method: str
    unit: str
    top: float
    box: tuple[float, float, float, float]
    looks: list[Look]
    strongest: int


def looks_of(method: str, result: PairResult) -> Looks | None:
    """Returns the words' maps; None where the method has none, or the caption has no words."""
    side = result.image
    if side is None or side.interactions is None or not side.interactions.size:
        return None
    width, height = side.row["width"], side.row["height"]
    place = Geometry((height, width), side.box or (0.0, 0.0, width, height))
    together = WordsOnPatches(side.row["words"], side.interactions, place.shares)
    return looks_together(method, side.unit, together)


def looks_together(method: str, unit: str, together: WordsOnPatches) -> Looks:
    """Draws the words' maps.

    Args:
        method: The method's name.
        unit: The unit of its scores.
        together: The contributions of one word or more.
    """
    top = float(np.abs(together.scores).max()) or 1.0
    scores = together.scores.sum((1, 2))
    looks = [
        Look(word, float(score), grid, data_uri(signed_layer(grid, top)), _highest(grid))
        for word, score, grid in zip(together.words, scores, together.scores, strict=True)
    ]
    return Looks(method, unit, top, together.box, looks, int(scores.argmax()))


def _highest(grid: NDArray[np.float32]) -> str:
    """Tells where the highest patch is.

    Example:
        >>> _highest(np.eye(2, 3, 1, np.float32))
        'highest in row 1 of 2, column 2 of 3'
    """
    rows, columns = grid.shape
    row, column = divmod(int(grid.argmax()), columns)
    return f"highest in row {row + 1} of {rows}, column {column + 1} of {columns}"


STYLE = """
.looks { min-width: 0; margin: .8rem 0 0; padding: 0; border: 0; }
.looks legend { padding: 0; font-size: .85rem; }
.looks .field { --edge: 14rem; position: relative; display: grid; gap: .8rem; align-items: start;
  grid-template-columns: var(--edge) minmax(0, 1fr); }
.looks .stage, .looks .small { display: block; width: var(--edge); aspect-ratio: var(--aspect);
  background: linear-gradient(#fff7 0 0), var(--picture) 0 0 / 100% 100%; border-radius: 3px; }
.looks .over, .looks .small::after { content: ""; position: absolute; left: 0; top: 0;
  width: var(--edge); aspect-ratio: var(--aspect); pointer-events: none;
  --down: calc(var(--edge) / var(--aspect));
  background: var(--heat) calc(var(--left) * var(--edge)) calc(var(--top) * var(--down))
    / calc(var(--width) * var(--edge)) calc(var(--height) * var(--down)) no-repeat; }
.looks .over { visibility: hidden; }
.looks .small { --edge: 4rem; position: relative; }
.looks .words { display: flex; flex-wrap: wrap; gap: .4rem; }
.looks label { min-width: 4.6rem; max-width: 9rem; padding: .25rem;
  border: 1px solid var(--line); border-radius: 5px;
  font-size: .85rem; line-height: 1.2; overflow-wrap: anywhere; cursor: pointer; }
.looks label small { display: block; color: var(--quiet); font-variant-numeric: tabular-nums; }
.looks label:hover { background: var(--card); }
.looks label:has(:checked) { border-color: var(--accent); }
.looks label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 1px; }
.looks :is(:checked ~ .over, label:hover .over) { visibility: visible; }
.looks .field:has(label:hover) label:not(:hover) .over { visibility: hidden; }
@media (max-width: 40rem) { .looks .field { grid-template-columns: minmax(0, 1fr); } }
"""
