"""Tests of means over independent values, and Holm's correction for many tests at once."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

_FLIPS = 20_000
_BLOCK = 500


def p_above(values: ArrayLike, threshold: float = 0.0) -> float:
    """Returns the p value of a one-sided t test that the mean lies above a threshold.

    Args:
        values: One value per concept, `[n]`; NaN where there is none.
        threshold: The mean to exceed, in the units of `values`.

    Returns:
        How often a true mean at the threshold would give a mean as large, 0…1; 1 below two values,
        where nothing can be said.

    Example:
        >>> round(p_above([1.0, 2.0, 3.0]), 3)
        0.037
    """
    numbers = np.asarray(values, np.float64)
    numbers = numbers[~np.isnan(numbers)]
    if len(numbers) < 2:
        return 1.0
    distance = float(numbers.mean()) - threshold
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return float(stdtr(len(numbers) - 1, -distance / error))


def paired_p(first: ArrayLike, second: ArrayLike, seed: int = 0) -> float:
    """Returns how often chance alone makes two means differ as much, by a sign-flip test.

    The test is two-sided, which also allows for a leader that was chosen because it leads (Hung and
    Fithian, 2019).

    Args:
        first: One value per concept, `[C]`; NaN where there is none.
        second: One value for each of the same concepts, `[C]`; NaN where there is none.
        seed: Seed of the random flips.

    Returns:
        The p value, 1/20,001…1; 1 if no concept has both values.
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    difference = difference[~np.isnan(difference)]
    rng = np.random.default_rng(seed)
    # Sums in another order differ by rounding; those that equal the observed one must count.
    least = abs(difference.sum()) - 1e-12 * np.abs(difference).sum()
    as_large = 0
    for _ in range(0, _FLIPS, _BLOCK):  # all flips of many values at once would fill the memory
        signs = rng.choice((-1.0, 1.0), (_BLOCK, len(difference)))
        as_large += int((np.abs(signs @ difference) >= least).sum())
    return (as_large + 1) / (_FLIPS + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusts p values so that a false alarm in *any* of the tests is as rare as it was in one.

    Args:
        ps: One p value per test, 0…1.

    Returns:
        The adjusted p values, in the order of `ps` (Holm, 1979).

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    adjusted = [1.0] * len(ps)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted
