"""Insertion and deletion: how a score moves as parts come and go in the order of a map.

Deletion replaces the hottest patches first: a map that marks what matters makes the score fall at
once. Insertion shows the hottest first on a picture that is all fill. Their difference asks both at
once and needs no scale: a map in random order has 0 in expectation, whatever the picture, the score
and the fill are.

    >>> import torch
    >>> red = lambda pictures: pictures[:, 0].mean((1, 2))
    >>> values = torch.zeros(3, 2, 2)
    >>> values[0, 0, 0] = 1.0  # all red is in the first of four patches
    >>> good, bad = torch.tensor([[4.0, 3.0], [2.0, 1.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> deletion(red, values, good, torch.zeros(3, 2, 2), steps=4).scores.tolist()
    [0.25, 0.0, 0.0, 0.0, 0.0]
    >>> deletion(red, values, bad, torch.zeros(3, 2, 2), steps=4).scores.tolist()
    [0.25, 0.25, 0.25, 0.25, 0.0]
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import trapezoid
from torch import Tensor

from vlminterp.metrics.parts import evenly, hottest, replaced

ScorePictures = Callable[[Tensor], Tensor]
"""Scores versions of one picture: `[n, 3, H, W]` to `[n]`; `attribution.versions` makes one."""
ScoreKept = Callable[[Tensor], Tensor]
"""Scores versions of one caption by the words that are kept: bool `[n, words]` to `[n]`."""
STEPS = 8


@dataclass(frozen=True)
class ScoreCurve:
    """A score as parts come or go.

    Attributes:
        shares: Share of the parts that have come or gone, from 0 to 1, float64 `[steps + 1]`.
        scores: The score there, in the score's own unit, float64 `[steps + 1]`.
    """

    shares: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The area under the curve: the mean score on the way, in the score's own unit."""
        return float(trapezoid(self.scores, self.shares))


def deletion(
    score: ScorePictures,
    values: Tensor,
    heat: Tensor,
    fill: Tensor,
    steps: int = STEPS,
    covered: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
) -> ScoreCurve:
    """Scores a picture as its patches are replaced, the hottest first (Petsiuk et al., BMVC 2018).

    Args:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`.
        values: The picture's normalised pixels, `[3, H, W]`.
        heat: Scores of its patches, `[rows, columns]`.
        fill: Pixels that replace them, `[3, H, W]`; see `vlminterp.metrics.fills`.
        steps: Number of times that patches go, ≥ 1; the score is asked for `steps` + 1 pictures.
        covered: Share of height and width that the patches cover, as `Explanation.coverage`.
        seed: Seed by which ties of the map are broken.

    Returns:
        From the whole picture to the fill alone; the smaller its area, the better the map.
    """
    gone = hottest(heat, evenly(heat.numel(), steps), seed)
    return _curve(gone, score(replaced(values, fill, gone, covered)))


def insertion(
    score: ScorePictures,
    values: Tensor,
    heat: Tensor,
    fill: Tensor,
    steps: int = STEPS,
    covered: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
) -> ScoreCurve:
    """Scores a picture as its patches appear on a fill, the hottest first (Petsiuk et al.).

    Args:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`.
        values: The picture's normalised pixels, `[3, H, W]`.
        heat: Scores of its patches, `[rows, columns]`.
        fill: Pixels to begin with, `[3, H, W]`.
        steps: Number of times that patches appear, ≥ 1.
        covered: Share of height and width that the patches cover, as `Explanation.coverage`.
        seed: Seed by which ties of the map are broken.

    Returns:
        From the fill alone to the whole picture; the larger its area, the better the map.
    """
    shown = hottest(heat, evenly(heat.numel(), steps), seed)
    return _curve(shown, score(replaced(values, fill, ~shown, covered)))


def keep_minus_delete(inserted: ScoreCurve, deleted: ScoreCurve) -> float:
    """Returns the area of insertion less that of deletion, in the score's own unit.

    Args:
        inserted: The curve of `insertion`.
        deleted: The curve of `deletion`, with the same map, fill and steps.

    Returns:
        Above 0 if what the map marks carries the score; 0 in expectation for a random order.
    """
    return inserted.area - deleted.area


def word_deletion(score: ScoreKept, heat: Tensor, seed: int = 0) -> ScoreCurve:
    """Scores a caption as its words are deleted one by one, the hottest first.

    Args:
        score: Scores versions of the caption by the words that are kept, bool `[n, words]`.
        heat: Scores of its words, `[words]`, at least one.
        seed: Seed by which ties are broken.

    Returns:
        From the whole caption to none of its words; the smaller its area, the better the scores.
    """
    gone = hottest(heat, evenly(len(heat), len(heat)), seed)
    return _curve(gone, score(~gone))


def _curve(parts: Tensor, scores: Tensor) -> ScoreCurve:
    shares = parts.flatten(1).double().mean(1).numpy()
    return ScoreCurve(shares, scores.detach().double().cpu().numpy())
