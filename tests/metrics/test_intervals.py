"""Intervals against a slow twin, theory, and what clusters and pairing must do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.intervals import SHARE, Interval, mean_interval, paired_difference

NAN = float("nan")
NUMBERS = st.lists(st.one_of(st.floats(-100, 100), st.just(NAN)), max_size=12)


def slow_t(groups):
    """Treats the mean as a ratio of sums over groups, and asks scipy for its t interval."""
    mean = sum(map(sum, groups)) / sum(map(len, groups))
    share = len(groups) / sum(map(len, groups))
    influence = [share * sum(value - mean for value in group) for group in groups]
    return stats.t.interval(
        0.95, len(groups) - 1, mean, np.std(influence, ddof=1) / len(groups) ** 0.5
    )


def test_as_scipy_has_it():
    groups = [[1.0, 2.0], [5.0], [0.5, 0.25, 8.0], [3.0]]
    values = [value for group in groups for value in group]
    labels = [name for name, group in zip("abcd", groups, strict=True) for _ in group]
    interval = mean_interval(values, labels)
    assert interval.mean == pytest.approx(np.mean(values))
    assert [interval.low, interval.high] == pytest.approx(slow_t(groups))
    assert interval.n == 7
    plain = mean_interval(values)
    known = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert [plain.low, plain.high] == pytest.approx([known.low, known.high])


@pytest.mark.parametrize("hits", [0, 1, 7, 20])
def test_shares_are_wilsons_as_scipy_has_them(hits):
    """With many clusters t is the normal quantile; the variance of hits has one degree less."""
    count = 100 * 20
    found = mean_interval([1] * 100 * hits + [0] * 100 * (20 - hits), bounds=SHARE)
    known = stats.binomtest(100 * hits, count).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=2e-5)


def test_a_share_stays_in_its_range_and_is_never_certain():
    all_of_five = mean_interval([1, 1, 1, 1, 1], bounds=SHARE)
    assert (all_of_five.mean, all_of_five.high) == (1, 1)
    assert 0.3 < all_of_five.low < 0.6
    assert mean_interval([0, 0], bounds=SHARE).high > 0.5
    percent = mean_interval([100] * 5, bounds=(0, 100))
    assert (percent.low, percent.high) == pytest.approx((100 * all_of_five.low, 100))
    with pytest.raises(ValueError, match="outside 0…1"):
        mean_interval([0.5, 1.5], bounds=SHARE)


@settings(deadline=None)
@given(NUMBERS)
def test_nans_are_left_out(values):
    interval = mean_interval(values)
    numbers = [value for value in values if not math.isnan(value)]
    assert interval.n == len(numbers)
    assert repr(interval) == repr(mean_interval(numbers))
    if len(numbers) > 1:
        assert interval.low <= interval.mean <= interval.high
        assert interval.mean == pytest.approx(np.mean(numbers))


def test_too_few_to_say():
    assert repr(mean_interval([])) == repr(Interval(NAN, NAN, NAN, 0))
    assert repr(mean_interval([NAN])) == repr(Interval(NAN, NAN, NAN, 0))
    assert repr(mean_interval([2.0, NAN])) == repr(Interval(2.0, NAN, NAN, 1))
    assert repr(mean_interval([2.0, 4.0], clusters=["a", "a"])) == repr(Interval(3.0, NAN, NAN, 2))


def test_width_is_the_normal_one():
    values = np.random.default_rng(0).normal(size=2000)
    interval = mean_interval(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.high - interval.mean == pytest.approx(half, rel=0.08)
    assert interval.mean - interval.low == pytest.approx(half, rel=0.08)


def test_copies_of_a_pair_bring_no_certainty():
    values = np.random.default_rng(0).random(40)
    alone = mean_interval(values)
    copied = mean_interval(np.repeat(values, 9), clusters=list(np.repeat(np.arange(40), 9)))
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))
    assert copied.n == 360


def test_pairing_removes_what_is_common():
    generator = np.random.default_rng(0)
    hardness = generator.normal(size=200)
    better, worse = hardness + 0.1, hardness + generator.normal(size=200) * 0.05
    difference = paired_difference(better, worse)
    assert difference.low > 0.08
    assert difference.high < 0.12
    assert mean_interval(better).low < mean_interval(worse).high  # apart, nothing is seen
    reverse = paired_difference(worse, better)
    assert reverse.low == pytest.approx(-difference.high, abs=1e-3)


def test_pairs_need_both():
    assert paired_difference([1.0, NAN, 3.0], [0.0, 1.0, NAN]).n == 1
    with pytest.raises(ValueError, match="not paired"):
        paired_difference([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="1 cluster labels for 2 values"):
        mean_interval([1.0, 2.0], clusters=["a"])


def test_written_out():
    assert str(Interval(0.5, 0.4, 0.612345, 20)) == "0.5 [0.4, 0.612] (n = 20)"


def test_every_metric_states_its_facts():
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.range[0] < metric.range[1]
        assert metric.paper
        assert metric.meaning
    assert METRICS["confidence_drop"].higher_is_better is False
    assert METRICS["coverage"].higher_is_better is None
