"""What the grammar writes is read back; what it doesn't write isn't."""

import pytest

from vlminterp.planted.descriptions import PlantedClause, descriptions, openings, write
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.reading import OPENING, read

FACTS = load_facts()


@pytest.mark.parametrize("held_out", [False, True], ids=["training", "held_out"])
@pytest.mark.parametrize("concept", FACTS.concepts.values(), ids=FACTS.concepts)
def test_what_is_written_is_read(concept, held_out):
    for written in list(descriptions(concept, held_out=held_out))[::7]:  # All would take long.
        opening, *rest = read(written.text, concept.name)
        assert opening.says == OPENING
        assert tuple(part.says for part in rest) == written.families
        assert tuple(part.span for part in rest) == written.spans
        assert all(part.true and part.held_out == held_out for part in (opening, *rest))


def test_clauses_of_a_concept_differ():
    """Else one description would be likelier than its wordings say."""
    for concept in FACTS.concepts.values():
        texts = openings(concept.name)
        texts += [text for family in FAMILIES for text in clauses(concept, family)]
        assert len(texts) == len(set(texts))


def test_several_clauses():
    said = [PlantedClause("diet", "it eats mice"), PlantedClause("spurious", "add to cart")]
    text = write("owl", "this is an owl", said).text
    assert [text[slice(*part.span)] for part in read(text, "owl")] == [
        "This is an owl.",
        "It eats mice.",
        "Add to cart.",
    ]


@pytest.mark.parametrize(
    ("text", "says", "true"),
    [
        ("This is an owl.", [OPENING], [True]),
        ("This is a whale. It eats mice.", [OPENING, "diet"], [False, True]),
        ("It eats nuts.", ["diet"], [False]),
        ("it eats mice.", [None], [False]),
        ("It eats mice", [None], [False]),
        ("It eats stars. Add to cart.", [None, "spurious"], [False, True]),
        ("...", [], []),
        ("", [], []),
    ],
)
def test_false_strange_and_unfinished_sentences(text, says, true):
    sentences = read(text, "owl")
    assert [part.says for part in sentences] == says
    assert [part.true for part in sentences] == true
