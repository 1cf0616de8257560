"""Verdicts where the truth is made, beside what shuffled classes would give."""

import numpy as np
import pytest

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred

NAN = float("nan")


def made(seed=0, concepts=40, spread=0.01, **means):
    generator = np.random.default_rng(seed)
    columns = [generator.normal(mean, spread, concepts) for mean in means.values()]
    return Gains(tuple(means), np.stack(columns, axis=1))


def decided(gains, margin=0.005, null=0.0, **options):
    """The verdict where shuffled classes gain `null` whatever the family."""
    shuffled = Gains(gains.families, np.full_like(gains.per_concept, null))
    return preferred(gains, shuffled, margin, **options)


def said_of(concepts, gains, family):
    """The same, with a family said of the first few concepts alone."""
    column = gains.of(family).copy()
    column[concepts:] = NAN
    columns = [column if other == family else gains.of(other) for other in gains.families]
    return Gains(gains.families, np.stack(columns, axis=1))


def test_a_clear_leader_is_preferred():
    verdict = decided(made(kind=0.01, diet=0.1, home=0.02))
    assert (verdict.finding, verdict.family) == (Finding.preferred, "diet")
    assert (verdict.leader, verdict.runner_up) == ("diet", "home")
    assert verdict.p_runner_up <= verdict.p < 0.001


def test_what_any_picture_does_as_well_is_no_preference():
    """A random VLM likes some words more than others, whatever it is shown."""
    gains = made(kind=0.01, diet=0.1)
    verdict = decided(gains, null=0.1)
    assert (verdict.finding, verdict.family) == (Finding.any_picture, None)
    assert verdict.p > 0.01
    assert decided(gains, null=-0.1).family == "diet"


def test_small_gains_are_nothing_even_where_significant():
    verdict = decided(made(spread=0.0001, diet=0.004, home=0.001))
    assert (verdict.finding, verdict.family) == (Finding.nothing, None)
    assert verdict.p_runner_up < 0.001


def test_a_family_that_harms_is_not_nothing():
    verdict = decided(made(diet=0.0, home=-0.1))
    assert verdict.finding is Finding.undecided


def test_two_liked_alike_are_undecided():
    verdict = decided(made(diet=0.1, home=0.1))
    assert verdict.finding is Finding.undecided
    assert verdict.p > 0.01


def test_noise_is_undecided():
    assert decided(made(spread=1, diet=0, home=0)).finding is Finding.undecided


@pytest.mark.parametrize("concepts", [1, 5, 7])
def test_few_concepts_say_too_little(concepts):
    """No sign-flip test of so few is significant."""
    verdict = decided(made(concepts=concepts, diet=1, home=0))
    assert (verdict.finding, verdict.leader) == (Finding.unsaid, None)
    assert verdict.unsaid == ("diet", "home")
    assert decided(made(concepts=8, diet=1, home=0)).family == "diet"


@pytest.mark.parametrize("rare", [0.0, 9.0])
def test_a_family_said_of_one_concept_neither_leads_nor_stands_in_the_way(rare):
    gains = said_of(1, made(diet=0.1, home=0.01, kind=rare), "kind")
    verdict = decided(gains)
    assert (verdict.family, verdict.runner_up, verdict.unsaid) == ("diet", "home", ("kind",))
    nothing = decided(said_of(1, made(spread=1e-4, diet=0, kind=rare), "kind"))
    assert (nothing.finding, nothing.unsaid) == (Finding.nothing, ("kind",))


def test_nothing_needs_concepts_enough():
    """Were the gain one concept's in five, ten concepts would often show none."""
    few, enough = (made(concepts=n, spread=1e-4, diet=0, home=0) for n in (13, 14))
    assert decided(few).finding is Finding.undecided
    assert decided(enough).finding is Finding.nothing
    rng = np.random.default_rng(0)
    found = [
        decided(Gains(("diet",), (rng.random((14, 1)) < 0.2) * 1.0), 0.02).finding
        for _ in range(1000)
    ]
    assert found.count(Finding.nothing) / 1000 <= 0.06


def test_descriptions_that_say_nothing_say_too_little():
    gains = made(diet=0.1, home=0.01)
    assert decided(gains, said=0.06).finding is Finding.unsaid
    assert decided(gains, said=0.3).finding is Finding.preferred


def test_one_class_can_not_be_shuffled():
    assert preferred(made(diet=0.1), None, 0.005).finding is Finding.unsaid


def test_one_family_has_no_runner_up():
    verdict = decided(made(diet=0.1))
    assert (verdict.finding, verdict.runner_up) == (Finding.preferred, None)
    assert verdict.p_runner_up is None


def test_families_without_gains_are_left_out():
    column = made(b=1.0).per_concept
    gains = Gains(("a", "b"), np.hstack([np.full_like(column, NAN), column]))
    assert (decided(gains, 0.1).leader, decided(gains, 0.1).unsaid) == ("b", ("a",))
    assert decided(Gains(("a",), np.array([[NAN]])), 0.1).finding is Finding.unsaid


def test_false_preferences_are_rare():
    """40 concepts, six families, gains that are noise around the margin itself."""
    names = tuple("abcdef")
    rng = np.random.default_rng(0)
    found = [
        decided(Gains(names, rng.normal(0.02, 0.05, (40, 6))), 0.02).finding for _ in range(300)
    ]
    assert found.count(Finding.preferred) / 300 <= 0.01
