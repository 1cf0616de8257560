"""The lexicon against planted truth, which it does not know, and sixty answers read by hand."""

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.seeds import our_families

from vlminterp.planted.descriptions import PlantedClause, openings, write
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses

FREE_ENGLISH = Path(__file__).with_name("free_english.jsonl")
CONCEPTS = list(load_facts().concepts.values())


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon()


def families_of(lexicon, text, name):
    return [clause.family for clause in lexicon.clauses(text, name)]


@pytest.mark.parametrize("held_out", [False, True])
def test_planted_truth(lexicon, held_out):
    right, total = Counter(), Counter()
    for place, concept in enumerate(CONCEPTS):
        openers = openings(concept.name, held_out=held_out)
        for opening in openers:
            said = families_of(lexicon, write(concept.name, opening).text, concept.name)
            right["neutral"] += said == ["neutral"]
            total["neutral"] += 1
        for family in FAMILIES:
            for number, text in enumerate(clauses(concept, family, held_out=held_out)):
                opening = openers[(place + number) % len(openers)]
                description = write(concept.name, opening, [PlantedClause(family, text)])
                found = lexicon.clauses(description.text, concept.name)
                spans = [(c.start, c.stop) for c in found if c.family == family]
                right[family] += spans == list(description.spans) and len(found) == 2
                total[family] += 1
    shares = {family: right[family] / total[family] for family in total}
    assert set(shares) == {"neutral", *FAMILIES}
    assert min(shares.values()) >= 0.95, shares


def test_free_english():
    """Labelled by hand before the lexicon was run on it; measured: 51, 53 of 60, F1 0.72."""
    lexicon, known = Lexicon(), set(our_families().informative)
    rows = [json.loads(line) for line in FREE_ENGLISH.read_text("utf-8").splitlines()]
    informative = visual = hits = said = true = 0
    for row in rows:
        found = set(families_of(lexicon, row["text"], row["concept"])) & known
        labelled = set(row["families"])
        informative += bool(found) == bool(labelled)
        visual += ("visual" in found) == ("visual" in labelled)
        hits, said, true = hits + len(found & labelled), said + len(found), true + len(labelled)
    assert len(rows) == 60
    assert informative >= 48
    assert visual >= 50
    assert 2 * hits / (said + true) >= 0.68


@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("A lighthouse. Click to enlarge.", ["neutral", "spurious"]),
        ("It stands on the coast, and it has a white tower.", ["behaviour", "visual"]),
        ("What a beautiful lighthouse!", ["neutral"]),
        ("Hedgehogs are found in gardens across Europe.", ["habitat"]),
        ("It lives on worms. It lives on the moor.", ["diet", "habitat"]),
        ("It is curled with a long tail.", ["visual"]),
        ("I'm an AI model, designed to help you.", ["spurious"]),
        ("", []),
        ("…!", []),
    ],
)
def test_english_about_nothing_planted(lexicon, text, families):
    name = "hedgehog" if "edgehog" in text else "lighthouse"
    assert families_of(lexicon, text, name) == families


def test_clauses_of_two_sentences_are_never_joined(lexicon):
    text = "It eats mice, frogs. It feeds on worms, snails."
    found = lexicon.clauses(text, "owl")
    assert [text[c.start : c.stop] for c in found] == ["It eats mice, frogs.", text[21:]]


def test_the_concepts_own_name_says_nothing(lexicon):
    assert families_of(lexicon, "This is a water bird.", "water bird") == ["neutral"]
    assert families_of(lexicon, "This is a water bird.", "swan") != ["neutral"]


@given(st.text(max_size=80), st.text(max_size=10))
def test_any_text_has_clauses_in_order(text, name):
    found = Lexicon().clauses(text, name)
    assert all(a.stop <= b.start for a, b in itertools.pairwise(found))
    assert {clause.family for clause in found} <= {"neutral", *FAMILIES}


def test_neighbours_count_less_than_seeds():
    said = "It is fletched and nocked."
    assert families_of(Lexicon(), said, "arrow") == ["neutral"]
    near = {"fletch": ("visual", 0.7), "nock": ("visual", 0.7)}
    assert families_of(Lexicon(neighbours=near), said, "arrow") == ["visual"]
    assert families_of(Lexicon(neighbours={"nock": ("visual", 0.7)}), said, "arrow") == ["neutral"]
