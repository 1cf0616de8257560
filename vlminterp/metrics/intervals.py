"""Means with error bars: percentile bootstrap over pairs, or over clusters of pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
_DRAWS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval.

    Attributes:
        mean: NaN if no value was counted.
        low: Lower end; NaN below two clusters, where nothing can be said.
        high: Upper end; likewise.
        n: How many values were counted; NaNs are not.
    """

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}] (n = {self.n})"


def bootstrap_mean(
    values: ArrayLike,
    resamples: int = 2000,
    seed: int = 0,
    clusters: Sequence[object] | None = None,
) -> Interval:
    """Mean with a percentile bootstrap interval (Efron, 1979).

    Args:
        values: One per pair, `[n]`; NaN where the pair was skipped or has no truth.
        resamples: Bootstrap samples, ≥ 1.
        seed: Same seed, same interval.
        clusters: What belongs together, one label per value (the image of several captions, the
            seed's pair): whole clusters are drawn.

    Returns:
        The mean over the values that are numbers.

    Raises:
        ValueError: Not one label per value.

    Example:
        >>> bootstrap_mean([1.0, 1.0, float("nan")])
        Interval(mean=1.0, low=1.0, high=1.0, n=2)
    """
    numbers = np.asarray(values, dtype=np.float64)
    counted = ~np.isnan(numbers)
    sums, counts = _per_cluster(numbers, counted, clusters)
    if len(sums) == 0:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    mean, n = float(sums.sum() / counts.sum()), int(counts.sum())
    if len(sums) < 2:
        return Interval(mean, float("nan"), float("nan"), n)
    means = _resampled_means(sums, counts, resamples, seed)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(low), float(high), n)


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    resamples: int = 2000,
    seed: int = 0,
    clusters: Sequence[object] | None = None,
) -> Interval:
    """Mean of first - second over the same pairs, with its interval.

    Far narrower than the two means' own intervals suggest, since pairs that are hard for one
    method are hard for the other.

    Args:
        first: One per pair, `[n]`; NaN where skipped.
        second: Of the same pairs in the same order, `[n]`.
        resamples: Bootstrap samples, ≥ 1.
        seed: Same seed, same interval.
        clusters: As in `bootstrap_mean`.

    Returns:
        The mean over the pairs for which both are numbers.

    Raises:
        ValueError: The lengths differ.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape} values are not paired")
    return bootstrap_mean(one - other, resamples, seed, clusters)


def _per_cluster(
    numbers: NDArray[np.float64], counted: NDArray[np.bool_], clusters: Sequence[object] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and count of each cluster's values that are numbers; empty clusters are left out."""
    if clusters is None:
        return numbers[counted], np.ones(int(counted.sum()))
    if len(clusters) != len(numbers):
        raise ValueError(f"{len(clusters)} cluster labels for {len(numbers)} values")
    index: dict[object, int] = {}
    labels = [index.setdefault(label, len(index)) for label in clusters]
    chosen = np.asarray(labels, dtype=np.intp)[counted]
    counts = np.bincount(chosen, minlength=len(index)).astype(np.float64)
    sums = np.zeros(len(index))
    np.add.at(sums, chosen, numbers[counted])
    return sums[counts > 0], counts[counts > 0]


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.float64], resamples: int, seed: int
) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    block = max(1, _DRAWS_AT_ONCE // len(sums))
    means = []
    for start in range(0, resamples, block):
        drawn = generator.integers(len(sums), size=(min(block, resamples - start), len(sums)))
        means.append(sums[drawn].sum(1) / counts[drawn].sum(1))
    return np.concatenate(means)
