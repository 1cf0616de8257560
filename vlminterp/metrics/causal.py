"""Does a heatmap lie on what moves the score?

Relevance says of each pixel how much of the score hangs on its part of the picture, as found by
intervention; see `vlminterp.planted.causes`. Only ratios of relevance matter: all of it is divided
by the largest. With a single cause these are the metrics of `vlminterp.metrics.localisation`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.stats import rankdata

Heat = NDArray[np.floating]
Relevance = NDArray[np.floating]
MAIN = 0.5
"""Share of the largest relevance from which a pixel belongs to a main cause."""


def causal_share(heat: Heat, relevance: Relevance) -> float:
    """Returns the share of the heat that lies on causes: Σ m·r / (Σ m · max r).

    Args:
        heat: Scores, `[H, W]`; negative ones count as 0; NaN where unseen.
        relevance: Relevance of each pixel, ≥ 0, of the same shape.

    Returns:
        In [0, 1]; a map without positive heat scores as a constant one: the mean relevance.
        NaN if no cause was seen.

    Raises:
        ValueError: The shapes differ, or relevance is negative.

    Example:
        >>> causal_share(np.array([[1.0, 3.0, 0.0]]), np.array([[0.5, 0.25, 0.0]]))
        0.625
    """
    scores, weights = _seen(heat, relevance)
    if not weights.any():
        return float("nan")
    positive = scores.clip(min=0)
    if not positive.any():
        return float(weights.mean())
    positive /= positive.max()
    return float(positive @ weights / positive.sum())


def causal_precision(heat: Heat, relevance: Relevance) -> float:
    """Returns average precision with graded truth: how relevant the hottest pixels are.

    Precision of the k hottest pixels is their mean relevance, and recall is their part of all
    relevance; as in `average_precision`, tied pixels enter together.

    Args:
        heat: Scores, `[H, W]`; NaN where unseen.
        relevance: Relevance of each pixel, ≥ 0, of the same shape.

    Returns:
        In (0, 1]; a constant map has the mean relevance. NaN if no cause was seen.

    Raises:
        ValueError: The shapes differ, or relevance is negative.

    Example:
        >>> causal_precision(np.array([[3.0, 2.0, 1.0]]), np.array([[1.0, 0.0, 1.0]]))
        0.8333333333333333
    """
    scores, weights = _seen(heat, relevance)
    if not weights.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    gained = np.cumsum(weights[order])[last_of_tie]
    precision = gained / (np.flatnonzero(last_of_tie) + 1)
    return float((np.diff(gained, prepend=0) * precision).sum() / gained[-1])


def causal_ranking(heat: Heat, relevance: Relevance) -> float:
    """Returns how often a pixel of a main cause is hotter than another: the area under ROC.

    Unlike the shares above it does not depend on how much of the picture the causes cover, so it
    can be compared between a small object and a large background.

    Args:
        heat: Scores, `[H, W]`; NaN where unseen.
        relevance: Relevance of each pixel, ≥ 0, of the same shape.

    Returns:
        In [0, 1]; a constant map scores ½, since ties count half. NaN if no cause was seen, or
        nothing else.

    Raises:
        ValueError: The shapes differ, or relevance is negative.

    Example:
        >>> causal_ranking(np.array([[3.0, 2.0, 1.0]]), np.array([[1.0, 0.0, 1.0]]))
        0.5
    """
    scores, weights = _seen(heat, relevance)
    main = weights >= MAIN
    inside, outside = int(main.sum()), int((~main).sum())
    if not inside or not outside:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[main].sum() - inside * (inside + 1) / 2) / (inside * outside))


def causal_pointing(heat: Heat, relevance: Relevance, tolerance: float = 0.0) -> float:
    """Tells whether the hottest pixel lies on a main cause, or at most so far from one.

    Args:
        heat: Scores, `[H, W]`; NaN where unseen.
        relevance: Relevance of each pixel, ≥ 0, of the same shape.
        tolerance: Distance in pixels, ≥ 0; half a patch allows for the coarseness of the map.

    Returns:
        The share of the hottest pixels that do, in [0, 1]: ties are averaged. NaN if no cause was
        seen.

    Raises:
        ValueError: The shapes differ, or relevance is negative.
    """
    scores, weights = _seen(heat, relevance)
    if not weights.any():
        return float("nan")
    main = relevance >= MAIN * relevance[~np.isnan(heat)].max()
    near = distance_transform_edt(~main) <= tolerance
    hottest = np.nan_to_num(heat, nan=-np.inf) == scores.max()
    return float(near[hottest].mean())


def _seen(heat: Heat, relevance: Relevance) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns scores and relevance, as shares of the largest, at the pixels seen, both flat."""
    if heat.shape != relevance.shape:
        raise ValueError(f"heat {heat.shape} and relevance {relevance.shape} differ in shape")
    if (relevance < 0).any():
        raise ValueError("relevance is negative")
    seen = ~np.isnan(heat)
    weights = relevance[seen].astype(np.float64)
    return heat[seen].astype(np.float64), weights / (weights.max(initial=0) or 1.0)
