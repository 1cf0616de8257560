"""Agreement of rankings against SciPy, and its interval against rankings that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from vlminterp.metrics.agreement import kendall, map_agreement, ranking_agreement


@given(st.integers(0, 10_000))
def test_kendall_is_scipys(seed):
    first, second = np.random.default_rng(seed).integers(0, 6, (2, 3, 7)).astype(float)
    for row, one, other in zip(kendall(first, second), first, second, strict=True):
        expected = kendalltau(one, other).statistic
        assert row == pytest.approx(0 if np.isnan(expected) else expected)


@given(st.integers(0, 10_000))
def test_maps_are_compared_as_scipy_does(seed):
    first, second = np.random.default_rng(seed).integers(0, 9, (2, 4, 5)).astype(float)
    expected = spearmanr(first.ravel(), second.ravel()).statistic
    assert map_agreement(first, second) == pytest.approx(expected)
    assert map_agreement(first, first**3) == pytest.approx(1)


def test_maps_without_an_order():
    assert np.isnan(map_agreement(np.ones((2, 2)), [[1, 2], [3, 4]]))
    with pytest.raises(ValueError, match="can't be compared"):
        map_agreement(np.ones((2, 2)), np.ones((2, 3)))


def drawn(slope, noise, seed):
    """Ten methods on thirty scenes; the metric follows the truth with a slope."""
    rng = np.random.default_rng(seed)
    truth = np.linspace(0, 1, 10) + rng.normal(0, noise, (30, 10))
    return slope * np.linspace(0, 1, 10) + rng.normal(0, noise, (30, 10)), truth


@pytest.mark.parametrize("slope", [1, -1])
def test_a_metric_that_follows_the_truth_or_its_opposite(slope):
    found = ranking_agreement(*drawn(slope, 0.3, 0))
    assert found.low <= found.mean <= found.high
    assert slope * found.mean > 0.8
    assert min(slope * found.low, slope * found.high) > 0
    assert found.n == 30


def test_noise_is_seldom_said_to_mislead():
    """A metric of noise has an interval below 0 about as often as it should: seldom."""
    below = [ranking_agreement(*drawn(0, 1.0, seed), seed=seed).high < 0 for seed in range(60)]
    assert np.mean(below) <= 0.15


def test_means_are_over_what_is_there():
    first = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, 2.5]])
    assert ranking_agreement(first, [[1.0, 1.0, 2.0], [3.0, 1.0, 2.0]]).mean == pytest.approx(
        kendalltau([2, 2, 2.5], [2, 1, 2]).statistic
    )


def test_one_scene_has_no_interval():
    found = ranking_agreement([[1.0, 2.0]], [[3.0, 4.0]])
    assert found.mean == 1
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_what_is_refused():
    for wrong in (np.ones((3, 2)), np.ones((2, 1)), np.ones(4)):
        with pytest.raises(ValueError, match="of one shape"):
            ranking_agreement(wrong, np.ones((2, 1)))
