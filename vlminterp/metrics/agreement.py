"""Agreement of rankings: of methods by two metrics, and of places by two maps."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from vlminterp.metrics.intervals import LEVEL, Interval

DRAWS = 2000


def ranking_agreement(first: ArrayLike, second: ArrayLike, seed: int = 0) -> Interval:
    """Returns Kendall's τ-b between the rankings of methods by two metrics.

    Methods are ranked by their means over units, which chance has a part in; units are drawn again
    with replacement, for both metrics alike, to see how far.

    Args:
        first: One metric, higher is better, `[units, methods]`; NaN where there is no value.
        second: The other, higher is better, of the same shape.
        seed: Seed of the draws.

    Returns:
        τ in [-1, 1], 1 where both rank alike and 0 where one ranks nothing; its percentile
        bootstrap over units, and the number of units. No interval below two units.

    Raises:
        ValueError: The shapes differ, or there are fewer than two methods.

    Example:
        >>> ranking_agreement([[1.0, 2.0, 3.0]], [[1.0, 3.0, 2.0]]).mean
        0.3333333333333333
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 2 or one.shape[1] < 2:
        raise ValueError(f"{one.shape} and {other.shape} are no [units, methods ≥ 2] of one shape")
    units = len(one)
    tau = float(kendall(_means(one, np.ones((1, units))), _means(other, np.ones((1, units))))[0])
    if units < 2:
        return Interval(tau, math.nan, math.nan, units)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(units, np.full(units, 1 / units), DRAWS).astype(np.float64)
    drawn = kendall(_means(one, weights), _means(other, weights))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(tau, float(low), float(high), units)


def kendall(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns Kendall's τ-b of each row, `[n]`; 0 where a row is constant.

    Args:
        first: Values, `[n, methods]`.
        second: Values of the same methods, `[n, methods]`.
    """
    upper = np.triu_indices(first.shape[1], 1)
    signs = [np.sign(values[:, upper[0]] - values[:, upper[1]]) for values in (first, second)]
    product = (signs[0] * signs[1]).sum(1)
    scale = np.sqrt((signs[0] ** 2).sum(1) * (signs[1] ** 2).sum(1))
    tau: NDArray[np.float64] = product / np.where(scale > 0, scale, 1)
    return tau


def map_agreement(first: ArrayLike, second: ArrayLike) -> float:
    """Returns Spearman's rank correlation of two maps.

    Args:
        first: Scores, `[rows, columns]` or any other shape.
        second: Scores, of the same shape.

    Returns:
        In [-1, 1]; NaN where one is constant, which says nothing about places.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> map_agreement([[1.0, 2.0], [3.0, 9.0]], [[0.0, 5.0], [6.0, 7.0]])
        1.0
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape:
        raise ValueError(f"maps of {one.shape} and {other.shape} can't be compared")
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    correlation = np.corrcoef(rankdata(one), rankdata(other))[0, 1]
    return float(np.clip(correlation, -1, 1))


def _means(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns means over units with each row of weights, `[draws, methods]`; NaNs do not count."""
    known = ~np.isnan(values)
    counts: NDArray[np.float64] = weights @ known
    sums: NDArray[np.float64] = weights @ np.where(known, values, 0)
    return sums / np.where(counts > 0, counts, 1)
