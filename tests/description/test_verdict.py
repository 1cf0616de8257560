"""Verdicts where the truth is made, and a sign-flip test against all flips."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, paired_p, preferred

NAN = float("nan")


def made(seed=0, concepts=40, spread=0.01, **means):
    generator = np.random.default_rng(seed)
    columns = [generator.normal(mean, spread, concepts) for mean in means.values()]
    return Gains(tuple(means), np.stack(columns, axis=1))


def test_a_clear_leader_is_preferred():
    verdict = preferred(made(kind=0.01, diet=0.1, home=0.02), margin=0.005)
    assert (verdict.finding, verdict.family) == (Finding.preferred, "diet")
    assert (verdict.leader, verdict.runner_up) == ("diet", "home")
    assert verdict.p < 0.001


def test_small_gains_are_nothing_even_where_significant():
    verdict = preferred(made(spread=0.0001, diet=0.004, home=0.001), margin=0.005)
    assert (verdict.finding, verdict.family) == (Finding.nothing, None)
    assert verdict.p < 0.001


def test_a_family_that_harms_is_not_nothing():
    verdict = preferred(made(diet=0.0, home=-0.1), margin=0.005)
    assert verdict.finding is Finding.undecided


def test_two_liked_alike_are_undecided():
    verdict = preferred(made(diet=0.1, home=0.1), margin=0.005)
    assert verdict.finding is Finding.undecided
    assert verdict.p > 0.01


def test_noise_and_few_concepts_are_undecided():
    assert preferred(made(spread=1, diet=0, home=0), 0.005).finding is Finding.undecided
    assert preferred(made(concepts=1, diet=1, home=0), 0.005).finding is Finding.undecided
    assert preferred(made(concepts=5, diet=1, home=0), 0.005).finding is Finding.undecided


def test_one_family_has_no_runner_up():
    verdict = preferred(made(diet=0.1), margin=0.005)
    assert (verdict.finding, verdict.runner_up, verdict.p) == (Finding.preferred, None, None)


def test_families_without_gains_are_left_out():
    gains = Gains(("a", "b"), np.array([[NAN, 1.0], [NAN, 1.1]]))
    assert preferred(gains, 0.1).leader == "b"
    with pytest.raises(ValueError, match="no family"):
        preferred(Gains(("a",), np.array([[NAN]])), 0.1)


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
