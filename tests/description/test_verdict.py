"""Verdicts where the truth is made, and a sign-flip test against all flips."""

import numpy as np
import pytest

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred

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
