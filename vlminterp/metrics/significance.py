"""Tests of means over independent values, and what becomes of many tests at once."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

_FLIPS = 20_000


def p_above(values: ArrayLike, threshold: float = 0.0) -> float:
    """Returns how often a mean of no more than a threshold would look as large: one-sided t test.

    Args:
        values: One per concept, `[n]`; NaN where there is none.
        threshold: In the units of `values`.

    Returns:
        0…1; 1 below two values, where nothing can be said.

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
    """Returns how often chance alone makes two means differ as much: a sign-flip test.

    It is two-sided, which also makes up for a leader having been chosen because it leads (Hung and
    Fithian, 2019).

    Args:
        first: One value per concept, `[C]`; NaN where there is none.
        second: Of the same concepts, `[C]`.
        seed: Of the random flips.

    Returns:
        1/20,001…1; 1 if no concept has both.
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    difference = difference[~np.isnan(difference)]
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (_FLIPS, len(difference)))
    observed = abs(difference.sum())
    # Sums in another order differ by rounding; what equals the observed one must count.
    tolerance = 1e-12 * np.abs(difference).sum()
    as_large = np.abs(signs @ difference) >= observed - tolerance
    return float((as_large.sum() + 1) / (_FLIPS + 1))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusts p values of several tests, so that *any* false alarm is as rare as one was (Holm).

    Args:
        ps: One per test, 0…1.

    Returns:
        The adjusted ones, in that order (Holm, 1979).

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
