"""Intervals hold the truth as often as they say: by simulation, from 5 values on.

What remains is stated here, too: strongly skewed data are held less often than 95 %, and the
percentile bootstrap that these intervals replaced did worse on all of it (.84 at 5 normal values).
"""

import numpy as np
import pytest

from vlminterp.metrics.intervals import SHARE, mean_interval

TRIALS = 2000
NOISE = 0.016
"""Three standard errors of a coverage of .95 in so many trials are .015."""
COUNTS = (5, 6, 10, 16)


def coverage(draw, truth, n, **options):
    rng = np.random.default_rng(n)
    found = [mean_interval(draw(rng, n), **options) for _ in range(TRIALS)]
    return np.mean([one.low - 1e-12 <= truth <= one.high + 1e-12 for one in found])


@pytest.mark.parametrize("n", COUNTS)
def test_normal(n):
    assert coverage(lambda rng, n: rng.normal(3, 2, n), 3, n) == pytest.approx(0.95, abs=NOISE)


@pytest.mark.parametrize(("n", "floor"), [(5, 0.87), (6, 0.87), (10, 0.88), (16, 0.90)])
def test_skewed(n, floor):
    """Exponential: a skewness of 2."""
    assert floor <= coverage(lambda rng, n: rng.exponential(1, n), 1, n) <= 0.95 + NOISE


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("chance", [0.05, 0.1, 0.3, 0.5, 0.95])
def test_hits_and_misses(n, chance):
    """Never below 95 %; above it, since counts are coarse."""
    drawn = coverage(lambda rng, n: rng.random(n) < chance, chance, n, bounds=SHARE)
    assert drawn >= 0.95 - NOISE


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("chance", [0.1, 0.5])
def test_shares_of_each_concepts_25_descriptions(n, chance):
    """Concepts differ, and their descriptions with them."""

    def draw(rng, n):
        return rng.binomial(25, rng.beta(9 * chance, 9 * (1 - chance), n)) / 25

    assert coverage(draw, chance, n, bounds=SHARE) >= 0.91


def test_clusters_of_different_sizes():
    sizes = np.array([1, 2, 3, 4, 5, 6, 4, 2, 1, 2])
    labels = list(np.repeat(np.arange(10), sizes))

    def draw(rng, n):
        return np.repeat(rng.normal(0, 1, n), sizes) + rng.normal(0, 0.5, sizes.sum())

    assert coverage(draw, 0, 10, clusters=labels) == pytest.approx(0.93, abs=0.03)
