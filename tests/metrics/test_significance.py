"""A sign-flip test against all flips, t against scipy's, Holm against its closed test."""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vlminterp.metrics.significance import holm, p_above, paired_p

NAN = float("nan")


@settings(deadline=None)  # A busy machine is no failure.
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_all_flips(differences):
    observed = abs(sum(differences))
    flips = product((-1, 1), repeat=len(differences))
    exact = np.mean([abs(np.dot(flip, differences)) >= observed for flip in flips])
    assert paired_p(differences, np.zeros(len(differences))) == pytest.approx(exact, abs=0.015)


def test_p_ignores_concepts_without_both():
    first, second = [1.0, 2.0, NAN, 5.0], [0.5, 1.0, 3.0, NAN]
    assert paired_p(first, second) == paired_p([1.0, 2.0], [0.5, 1.0])
    assert paired_p([NAN], [1.0]) == 1.0


def test_the_null_is_rejected_as_often_as_it_should_be():
    generator = np.random.default_rng(1)
    ps = [paired_p(*generator.normal(size=(2, 40))) for _ in range(200)]
    assert 0.01 <= np.mean(np.array(ps) < 0.05) <= 0.1


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=9), st.integers(-2, 2))
def test_t_as_scipy_has_it(values, threshold):
    if np.std(values) > 0:
        known = stats.ttest_1samp(values, threshold, alternative="greater").pvalue
        assert p_above([*values, NAN], threshold) == pytest.approx(known)


def test_t_at_its_ends():
    assert (p_above([1.0]), p_above([])) == (1.0, 1.0)
    assert (p_above([1.0, 1.0]), p_above([1.0, 1.0], 1.0)) == (0.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_holm_is_the_closed_test_of_bonferroni(ps):
    """A hypothesis falls if every set of hypotheses that holds it does (Marcus et al., 1976)."""
    places = range(len(ps))
    sets = [some for size in range(1, len(ps) + 1) for some in combinations(places, size)]
    closed = [
        max(min(1.0, len(some) * min(ps[p] for p in some)) for some in sets if place in some)
        for place in places
    ]
    assert holm(ps) == pytest.approx(closed)
