import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_ex2.inspection.ablation import (
    neutral,
    renamed,
    with_and_without,
    with_other,
    without_each_word,
)
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import SWAPS, Lenders, Said, comparisons

from vlminterp.planted.descriptions import Clause, openings, write
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses

LEXICON = Lexicon()
CONCEPTS = list(load_facts().concepts.values())


@st.composite
def planted(draw):
    """A planted description of two families, and the same without the one, or the other."""
    concept = draw(st.sampled_from(CONCEPTS))
    opening = draw(st.sampled_from(openings(concept.name)))
    families = draw(st.permutations(FAMILIES))[:2]
    said = [Clause(f, draw(st.sampled_from(clauses(concept, f)))) for f in families]
    whole = write(concept.name, opening, said).text
    parts = {
        one.family: write(concept.name, opening, [other]).text
        for one, other in zip(said, reversed(said), strict=True)
    }
    return concept.name, whole, parts


@given(planted())
def test_deleting_a_family_gives_the_text_that_was_never_given_it(case):
    name, text, parts = case
    found = LEXICON.clauses(text, name)
    for family, left in parts.items():
        assert with_and_without(text, found, family, name) == (text, left)


def test_what_says_nothing_else_is_compared_after_the_name():
    text = "It has big eyes. It has folded wings."
    kept, left = with_and_without(text, LEXICON.clauses(text, "owl"), "visual", "owl")
    assert (kept, left) == (f"An owl. {text}", "An owl.")


def test_a_deleted_end_leaves_a_sentence():
    text = "An owl, found in the woods."
    assert with_and_without(text, LEXICON.clauses(text, "owl"), "habitat", "owl")[1] == "An owl."


def test_other_words_stand_where_the_first_of_the_family_did():
    text = "It eats mice. It has wings. It eats frogs."
    found = LEXICON.clauses(text, "owl")
    assert with_other(text, found, "diet", "It eats hay.") == "It eats hay. It has wings."


@pytest.mark.parametrize(
    ("text", "name", "to", "expected"),
    [
        ("An owl.", "owl", "bat", "A bat."),
        ("Owls eat; a bowl.", "owl", "bat", "Bats eat; a bowl."),
        ("a bat", "bat", "owl", "an owl"),
        ("The ice skate has a blade.", "ice skate", "chair", "The chair has a blade."),
        ("It eats mice.", "owl", "bat", "It eats mice."),
    ],
)
def test_renaming(text, name, to, expected):
    assert renamed(text, name, to) == expected


def test_each_word_is_left_out_once():
    found = without_each_word("An owl has two  eyes.", "owl")
    assert [text for _, _, text in found] == [
        "owl has two eyes.", "An has two eyes.", "An owl two eyes.", "An owl has eyes.",
        "An owl has two .",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("owl", "An owl."), ("ice skate", "An ice skate.")])
def test_neutral(name, expected):
    assert neutral(name) == expected


def said_of(place, name, text):
    return Said({"text": text, "name": name}, place, LEXICON.clauses(text, name))


@pytest.fixture
def said():
    return [
        said_of(0, "owl", "An owl. It eats mice."),
        said_of(0, "owl", "An owl. It feeds on frogs."),
        said_of(1, "bat", "A bat. It eats mice."),
        said_of(1, "bat", "A bat. The bat eats moths."),
        said_of(2, "pig", "A pig. It eats hay."),
        said_of(3, "bus", "A bus. Click to enlarge."),
        said_of(4, "tram", "A tram. Click to enlarge."),
    ]


def test_words_are_lent_by_others_and_never_true_of_the_borrower(said):
    lenders = Lenders(said)
    lent = {
        words
        for seed in range(30)
        for words in lenders.lend(said[0], "diet", np.random.default_rng(seed))
    }
    assert lent == {"The owl eats moths.", "It eats hay."}


def test_boilerplate_has_no_content(said):
    found = list(comparisons(said[5], Lenders(said), np.random.default_rng(0)))
    assert [(one.kind, one.changed) for one in found] == [("presence", "A bus.")]


def test_all_families_are_compared(said):
    text = "An owl. It eats mice. It has big eyes."
    both = [*said, said_of(0, "owl", text), said_of(2, "pig", "A pig. It has a flat snout.")]
    found = list(comparisons(both[-2], Lenders(both), np.random.default_rng(0)))
    assert {(one.kind, one.family) for one in found} == {
        ("presence", "diet"), ("presence", "visual"), ("content", "diet"), ("content", "visual"),
    }  # fmt: skip
    assert all(one.kept == text for one in found)
    assert sum(one.kind == "content" and one.family == "diet" for one in found) <= SWAPS
    swapped = next(one for one in found if (one.kind, one.family) == ("content", "visual"))
    assert swapped.changed == "An owl. It eats mice. It has a flat snout."
