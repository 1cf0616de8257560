"""Localisation: does a heatmap lie on what the text names?

Maps and masks lie on the original image's pixels. NaN marks pixels the model did not see: neither
heat nor mask is judged there. The same functions judge words, with arrays of one dimension.
Without any true pixel in sight there is nothing to find: the result is NaN, to be left out and
counted.
"""

import numpy as np
from numpy.typing import NDArray

Heat = NDArray[np.floating]
Mask = NDArray[np.bool_]


def pointing_game(heat: Heat, mask: Mask) -> float:
    """Tells whether the hottest pixel lies in the mask (Zhang et al., ECCV 2016).

    Args:
        heat: Scores, `[H, W]` or any other shape; NaN where unseen.
        mask: True on what the text names, of the same shape.

    Returns:
        The share of the hottest pixels that lie inside, in [0, 1]: ties are averaged, so that a
        constant map scores the mask's share of the area. NaN if no true pixel was seen.

    Raises:
        ValueError: The shapes differ, or a score is infinite.

    Example:
        >>> pointing_game(np.array([[1.0, 3.0], [3.0, np.nan]]), np.array([[0, 1], [0, 1]], bool))
        0.5
    """
    scores, truth = _seen(heat, mask)
    if not truth.any():
        return float("nan")
    return float(truth[scores == scores.max()].mean())


def energy_in_mask(heat: Heat, mask: Mask) -> float:
    """Returns the share of the heat in the mask: Σ_mask m / Σ m (Wang et al., CVPRW 2020).

    Args:
        heat: Scores, `[H, W]` or any other shape; negative ones count as 0; NaN where unseen.
        mask: True on what the text names, of the same shape.

    Returns:
        In [0, 1]. A map without positive heat says as much as a constant one and scores the same,
        the mask's share of the area: neither a reward nor a punishment. NaN if no true pixel was
        seen.

    Raises:
        ValueError: The shapes differ, or a score is infinite.

    Example:
        >>> energy_in_mask(np.array([1.0, 3.0, -9.0]), np.array([False, True, False]))
        0.75
    """
    scores, truth = _seen(heat, mask)
    if not truth.any():
        return float("nan")
    positive = scores.clip(min=0)
    largest = positive.max()
    if largest == 0:
        return float(truth.mean())
    positive /= largest  # the sum of huge scores overflows, that of tiny ones vanishes
    inside, outside = positive[truth].sum(), positive[~truth].sum()
    return float(inside / (inside + outside))  # never above 1, whatever the order of summation


def average_precision(heat: Heat, mask: Mask) -> float:
    """Returns the area under the pixels' precision-recall curve, as scikit-learn computes it.

    AP = Σ_n (R_n - R_{n-1}) P_n over the distinct scores from high to low: there is no threshold to
    choose, and tied pixels enter together.

    Args:
        heat: Scores, `[H, W]` or any other shape; NaN where unseen.
        mask: True on what the text names, of the same shape.

    Returns:
        In (0, 1]; a constant map scores the mask's share of the area. NaN if no true pixel was
        seen.

    Raises:
        ValueError: The shapes differ, or a score is infinite.

    Example:
        >>> average_precision(np.array([4.0, 3.0, 2.0]), np.array([True, False, True]))
        0.8333333333333333
    """
    scores, truth = _seen(heat, mask)
    if not truth.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(truth[order])[last_of_tie]
    precision = hits / (np.flatnonzero(last_of_tie) + 1)
    return float((np.diff(hits, prepend=0) * precision).sum() / hits[-1])


def _seen(heat: Heat, mask: Mask) -> tuple[NDArray[np.float64], Mask]:
    """Returns the scores and the truth at the pixels that the model saw, both flat."""
    if heat.shape != mask.shape:
        raise ValueError(f"heat {heat.shape} and mask {mask.shape} must have the same shape")
    seen = ~np.isnan(heat)
    scores = heat[seen].astype(np.float64)
    if np.isinf(scores).any():
        raise ValueError("a score is infinite")
    return scores, mask.astype(bool)[seen]
