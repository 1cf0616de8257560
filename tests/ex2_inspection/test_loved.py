"""What is loved most, by hand; and what no family covers."""

import pytest
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.loved import loved
from vlminterp_ex2.inspection.loved_page import loved_section
from vlminterp_ex2.inspection.words import words_of

from vlminterp.planted.descriptions import openings
from vlminterp.planted.facts import load_facts


def row(concept, text, **losses):
    words = [
        {"start": w.start, "stop": w.stop, "loss": losses.get(w.text.lower(), 0.0)}
        for w in words_of(text, concept)
    ]
    return {"concept": concept, "name": concept, "text": text, "words": words, "other": []}


ROWS = [
    row("owl", "An owl in deep snow, at rest.", deep=0.1, snow=0.2, owl=0.9, at=0.1),
    row("owl", "Deep snow owl.", deep=0.3, snow=0.2, owl=0.9),
    row("pig", "A pig in deep snow.", deep=0.2, snow=0.2, pig=0.9),
    row("bat", "Bats like snow; a deep cave.", snow=0.2, deep=0.0, cave=0.5),
]


def test_phrases_are_ranked_by_their_mean_over_concepts():
    found = {one.phrase: (round(one.loss, 6), one.concepts) for one in loved(ROWS, fewest=2)}
    assert found == {"deep snow": (0.4, 2), "snow": (0.2, 3), "deep": (0.2, 2)}
    assert loved(ROWS, fewest=2)[0].phrase == "deep snow"


def test_one_concepts_words_are_no_taste_and_names_are_no_phrase():
    phrases = {one.phrase for one in loved(ROWS, fewest=1)}
    assert "deep cave" in phrases or "cave" in phrases
    assert "cave" not in {one.phrase for one in loved(ROWS)}
    assert not any("owl" in phrase or "bat" in phrase for phrase in phrases)
    assert "snow at" not in phrases


@pytest.mark.parametrize("concept", list(load_facts().concepts.values())[::7])
def test_an_opening_says_nothing_that_a_family_could_lack(concept):
    lexicon = Lexicon()
    for opening in openings(concept.name):
        text = f"{opening.capitalize()}."
        assert lexicon.other(text, concept.name, lexicon.clauses(text, concept.name)) == []


def test_the_page_counts_what_no_family_covers():
    rows = [*ROWS[1:], {**ROWS[0], "other": ["It reminds us of old professors."]}]
    (section,) = loved_section(rows)
    assert "snow" in str(section.body)
    assert "Of 4 descriptions 1 say something that is of no family" in str(section.body)
    assert "old professors" in str(section.body)
    assert list(loved_section([])) == []
