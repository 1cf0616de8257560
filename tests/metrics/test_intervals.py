"""Intervals against a slow twin, theory, and what clusters and pairing must do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.metrics import intervals
from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.intervals import Interval, bootstrap_mean, paired_difference

NAN = float("nan")
NUMBERS = st.lists(st.one_of(st.floats(-100, 100), st.just(NAN)), max_size=12)


def slow_bootstrap(groups, resamples, seed):
    """Draws whole groups one by one and takes the mean of all their values."""
    generator = np.random.default_rng(seed)
    drawn = generator.integers(len(groups), size=(resamples, len(groups)))
    means = sorted(np.mean([value for group in row for value in groups[group]]) for row in drawn)
    return np.quantile(means, [0.025, 0.975])


def test_slow_twin():
    groups = [[1.0, 2.0], [5.0], [0.5, 0.25, 8.0], [3.0]]
    values = [value for group in groups for value in group]
    labels = [name for name, group in zip("abcd", groups, strict=True) for _ in group]
    interval = bootstrap_mean(values, 500, seed=3, clusters=labels)
    assert interval.mean == pytest.approx(np.mean(values))
    assert [interval.low, interval.high] == pytest.approx(slow_bootstrap(groups, 500, 3))
    assert interval.n == 7
    plain = bootstrap_mean(values, 500, seed=3)
    assert [plain.low, plain.high] == pytest.approx(slow_bootstrap([[v] for v in values], 500, 3))


def test_blocks_do_not_change_the_result(monkeypatch):
    values = np.random.default_rng(0).random(50)
    whole = bootstrap_mean(values, 300)
    monkeypatch.setattr(intervals, "_DRAWS_AT_ONCE", 70)
    assert bootstrap_mean(values, 300) == whole


@settings(deadline=None)
@given(NUMBERS)
def test_nans_are_left_out(values):
    interval = bootstrap_mean(values, 50)
    numbers = [value for value in values if not math.isnan(value)]
    assert interval.n == len(numbers)
    assert repr(interval) == repr(bootstrap_mean(numbers, 50))
    if len(numbers) > 1:
        assert min(numbers) - 1e-9 <= interval.low <= interval.high <= max(numbers) + 1e-9
        assert interval.mean == pytest.approx(np.mean(numbers))


def test_too_few_to_say():
    assert repr(bootstrap_mean([])) == repr(Interval(NAN, NAN, NAN, 0))
    assert repr(bootstrap_mean([NAN])) == repr(Interval(NAN, NAN, NAN, 0))
    assert repr(bootstrap_mean([2.0, NAN])) == repr(Interval(2.0, NAN, NAN, 1))
    assert repr(bootstrap_mean([2.0, 4.0], clusters=["a", "a"])) == repr(Interval(3.0, NAN, NAN, 2))


def test_width_is_the_normal_one():
    values = np.random.default_rng(0).normal(size=2000)
    interval = bootstrap_mean(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.high - interval.mean == pytest.approx(half, rel=0.08)
    assert interval.mean - interval.low == pytest.approx(half, rel=0.08)


def test_coverage_of_the_truth():
    generator = np.random.default_rng(1)
    hits = 0
    for trial in range(300):
        interval = bootstrap_mean(generator.random(60), 400, seed=trial)
        hits += interval.low <= 0.5 <= interval.high
    assert 0.90 <= hits / 300 <= 0.99


def test_copies_of_a_pair_bring_no_certainty():
    values = np.random.default_rng(0).random(40)
    alone = bootstrap_mean(values)
    copied = bootstrap_mean(np.repeat(values, 9), clusters=list(np.repeat(np.arange(40), 9)))
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))
    assert copied.n == 360


def test_pairing_removes_what_is_common():
    generator = np.random.default_rng(0)
    hardness = generator.normal(size=200)
    better, worse = hardness + 0.1, hardness + generator.normal(size=200) * 0.05
    difference = paired_difference(better, worse)
    assert difference.low > 0.08
    assert difference.high < 0.12
    assert bootstrap_mean(better).low < bootstrap_mean(worse).high  # apart, nothing is seen
    reverse = paired_difference(worse, better)
    assert reverse.low == pytest.approx(-difference.high, abs=1e-3)


def test_pairs_need_both():
    assert paired_difference([1.0, NAN, 3.0], [0.0, 1.0, NAN]).n == 1
    with pytest.raises(ValueError, match="not paired"):
        paired_difference([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="1 cluster labels for 2 values"):
        bootstrap_mean([1.0, 2.0], clusters=["a"])


def test_seed():
    values = np.random.default_rng(0).random(30)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)


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
