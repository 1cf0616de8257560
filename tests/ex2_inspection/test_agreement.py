import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vlminterp_ex2.inspection.agreement import cohen_kappa, kappa_interval

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)


def test_by_hand():
    """Cohen's own kind of table: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: κ = 0.4."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen_kappa(*zip(*pairs, strict=True)) == pytest.approx(0.4)


@settings(deadline=None)  # scikit-learn is imported within
@given(LABELS)
def test_as_scikit_learn_has_it(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    first, second = (list(labels) for labels in zip(*pairs, strict=True))
    if len({*first, *second}) > 1:
        assert cohen_kappa(first, second) == pytest.approx(metrics.cohen_kappa_score(first, second))


def test_ends_of_the_scale():
    assert cohen_kappa("ab", "ab") == 1
    assert cohen_kappa("ab", "ba") == -1
    assert math.isnan(cohen_kappa("aa", "aa"))
    assert math.isnan(cohen_kappa("", ""))
    with pytest.raises(ValueError, match="same items"):
        cohen_kappa("a", "ab")


def test_none_is_a_label():
    assert cohen_kappa([True, None, False], [True, None, False]) == 1


@pytest.mark.parametrize(("clusters", "least"), [(8, 0.88), (16, 0.91)])
def test_intervals_hold_the_truth(clusters, least):
    """Labels of a concept are alike, and one in five is another rater's mistake: κ is .6."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        rates = np.repeat(rng.beta(2, 2, clusters), 10)
        first = rng.random(10 * clusters) < rates
        second = first ^ (rng.random(10 * clusters) < 0.2)
        found = kappa_interval(first.tolist(), second.tolist(), np.arange(10 * clusters) // 10)
        assert -1 <= found.low <= found.mean <= found.high <= 1
        held.append(found.low <= 0.6 <= found.high)
    assert np.mean(held) >= least


def test_no_interval_leaves_the_scale():
    first = "aabb" * 5
    found = kappa_interval(first, "b" + first[1:], [place // 2 for place in range(20)])
    assert found.mean < found.high <= 1


def test_interval_draws_clusters():
    first, second = "aabb" * 10, "aaba" * 10
    alone = kappa_interval(first, second, range(40))
    assert alone.mean == pytest.approx(0.5)
    assert 0.2 < alone.low < 0.5 < alone.high < 0.8
    # Whole copies of one table: every sample is the same table.
    together = kappa_interval(first, second, [place // 4 for place in range(40)])
    assert (together.low, together.high) == (together.mean, together.mean)
    assert math.isnan(kappa_interval(first, second, ["one"] * 40).low)
