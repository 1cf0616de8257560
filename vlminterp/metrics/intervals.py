"""Means with 95 % intervals that hold even for few values; all of the product's are made here.

A percentile bootstrap of 95 % holds the truth in 84 % of cases at 5 values and in 91 % at 16
(normal data). These hold it in 95 %: Student's t over clusters, and Wilson's score interval where
values have bounds, which t does not know (it gives 5 hits of 5 no width). See
`tests/metrics/test_coverage.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

LEVEL = 0.95
SHARE = (0.0, 1.0)
"""Bounds of hits (0 or 1) and of shares."""
ROUNDING = 1e-6
"""How far a value may lie outside its bounds, as a share of the distance between them."""


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval.

    Attributes:
        mean: The mean; NaN if no value was counted.
        low: Lower end; NaN below two clusters, where nothing can be said.
        high: Upper end; NaN below two clusters.
        n: Number of values that were counted; NaNs are not.
    """

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}] (n = {self.n})"


def mean_interval(
    values: ArrayLike,
    clusters: Sequence[object] | None = None,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Returns a mean with the interval that holds the true mean in 95 % of cases.

    Args:
        values: One value per pair, `[n]`; NaN where the pair was skipped or has no truth.
        clusters: One label per value that says what belongs together (the image of several
            captions, the seed's pair): clusters are independent, values within one need not be.
        bounds: Least and greatest possible value (`SHARE` for hits and shares): the interval then
            stays between them, and has a width even where all values lie on one of them.

    Returns:
        The mean over the values that are numbers, with Student's t interval over clusters, or
        Wilson's (1927) with the effective number of clusters (Korn and Graubard, 1998).

    Raises:
        ValueError: There is not one label per value, or a value is out of bounds.

    Example:
        >>> str(mean_interval([1.0, 2.0, 3.0, float("nan")]))
        '2 [-0.484, 4.48] (n = 3)'
        >>> str(mean_interval([1, 1, 1, 1, 1], bounds=SHARE))
        '1 [0.393, 1] (n = 5)'
    """
    numbers = np.asarray(values, dtype=np.float64)
    sums, counts = _per_cluster(numbers, ~np.isnan(numbers), clusters)
    groups, n = len(sums), int(counts.sum())
    if groups == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    mean = float(sums.sum() / n)
    if bounds:
        _check(numbers, bounds)
    if groups < 2:
        return Interval(mean, math.nan, math.nan, n)
    # a ratio's residuals by cluster; with clusters of one value, the values' deviations
    residuals = (sums - mean * counts) / (n / groups)
    variance = float(residuals @ residuals) / (groups * (groups - 1))
    quantile = float(stdtrit(groups - 1, (1 + LEVEL) / 2))
    if bounds:
        return Interval(mean, *_wilson(mean, variance, quantile, groups, bounds), n)
    half = quantile * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half, n)


def paired_difference(
    first: ArrayLike, second: ArrayLike, clusters: Sequence[object] | None = None
) -> Interval:
    """Returns the mean of first - second over the same pairs, with its interval.

    It is far narrower than the two means' own intervals suggest, since pairs that are hard for one
    method are hard for the other.

    Args:
        first: One value per pair, `[n]`; NaN where the pair was skipped.
        second: One value for each of the same pairs in the same order, `[n]`.
        clusters: One label per pair, see `mean_interval`.

    Returns:
        The mean over the pairs for which both are numbers.

    Raises:
        ValueError: The lengths differ, those of labels included.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape} values are not paired")
    return mean_interval(one - other, clusters)


def _check(numbers: NDArray[np.float64], bounds: tuple[float, float]) -> None:
    low, high = bounds
    slack = ROUNDING * (high - low)
    if np.nanmin(numbers) < low - slack or np.nanmax(numbers) > high + slack:
        raise ValueError(f"a value is outside {low:g}…{high:g}")


def _wilson(
    mean: float, variance: float, quantile: float, groups: int, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Returns Wilson's ends, with as many trials as would have this variance.

    Where all values lie on one bound there is no variance to see: each cluster is one trial.
    """
    low, width = bounds[0], bounds[1] - bounds[0]
    share = min(max((mean - low) / width, 0.0), 1.0)
    spread = share * (1 - share) * width**2
    if spread <= (ROUNDING * width) ** 2:
        trials = float(groups)
    else:
        trials = spread / variance if variance > 0 else math.inf
    weight = quantile**2 / trials
    centre = (share + weight / 2) / (1 + weight)
    half = math.sqrt(share * (1 - share) * weight + weight**2 / 4) / (1 + weight)
    ends = low + width * max(0.0, centre - half), low + width * min(1.0, centre + half)
    return min(ends[0], mean), max(ends[1], mean)


def _per_cluster(
    numbers: NDArray[np.float64], counted: NDArray[np.bool_], clusters: Sequence[object] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns sum and count of each cluster's numbers; clusters without any are left out."""
    if clusters is None:
        return numbers[counted], np.ones(int(counted.sum()))
    if len(clusters) != len(numbers):
        raise ValueError(f"{len(clusters)} cluster labels for {len(numbers)} values")
    index: dict[object, int] = {}
    labels = [index.setdefault(label, len(index)) for label in clusters]
    chosen = np.asarray(labels, dtype=np.intp)[counted]
    counts = np.bincount(chosen, minlength=len(index)).astype(np.float64)
    sums = np.bincount(chosen, numbers[counted], minlength=len(index)).astype(np.float64)
    return sums[counts > 0], counts[counts > 0]
