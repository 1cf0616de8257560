"""Comparisons differ in a family's words alone: by planted grammar, by hand, in LLMs' texts."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vlminterp_ex2.inspection.ablation import balanced, neutral, without_each_word
from vlminterp_ex2.inspection.fillers import VOICES, Gap, Guest, filler
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import (
    CONTENT,
    DELETION,
    FARTHER,
    PRESENCE,
    SWAPS,
    ClausePool,
    Description,
    comparisons,
)

from vlminterp.planted.descriptions import PlantedClause, openings, write
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.free_english import load_free_english

LEXICON = Lexicon()
CONCEPTS = list(load_facts().concepts.values())
SMOLLM2 = Path(__file__).with_name("smollm2_english.jsonl")


def said_of(place, name, text):
    return Description({"text": text, "name": name}, place, LEXICON.clauses(text, name))


def compared(said, *others):
    """By kind, the comparisons of one description among others."""
    found = {}
    for one in comparisons(said, ClausePool([said, *others]), np.random.default_rng(0)):
        found.setdefault((one.kind, one.family), []).append((one.kept, one.changed))
    return found


@st.composite
def planted(draw):
    """A planted description of two families, and the same without the one, or the other."""
    concept = draw(st.sampled_from(CONCEPTS))
    opening = draw(st.sampled_from(openings(concept.name)))
    families = draw(st.permutations(FAMILIES))[:2]
    said = [PlantedClause(f, draw(st.sampled_from(clauses(concept, f)))) for f in families]
    whole = write(concept.name, opening, said).text
    parts = {
        one.family: write(concept.name, opening, [other]).text
        for one, other in zip(said, reversed(said), strict=True)
    }
    return concept.name, whole, parts


@settings(deadline=None)  # the first example loads the seeds
@given(planted())
def test_deleting_a_family_gives_the_text_that_was_never_given_it(case):
    name, text, parts = case
    found = compared(said_of(0, name, text))
    for family, left in parts.items():
        assert found[DELETION, family] == [(text, left)]


@pytest.mark.parametrize(
    ("text", "family", "left"),
    [
        ("An owl is a kind of bird, found in the woods.", "kind", "An owl, found in the woods."),
        ("An owl is found in the woods, a kind of bird.", "habitat", "An owl, a kind of bird."),
        ("An owl, found in the woods.", "habitat", "An owl."),
        ("An owl, found in the woods, is big.", "habitat", "An owl is big."),
        ("Owls have big eyes. They eat mice.", "visual", "Owls. They eat mice."),
        ("The owl's eyes are big and yellow.", "visual", "The owl."),
        ("You can find an owl in the woods.", "habitat", "An owl."),
        ("It eats mice, and it lives in the woods.", "diet", "It lives in the woods."),
        ("It has big eyes. It has folded wings.", "visual", "An owl."),
        ("A small brown owl eats mice.", "diet", "A small brown owl."),
        ("An owl is a bird of prey that lives in the woods.", "kind", None),
    ],
)
def test_the_name_stays_when_a_family_goes(text, family, left):
    found = compared(said_of(0, "owl", text)).get((DELETION, family), [])
    if left is None:
        found = [pair for pair in found if "owl" not in pair[1]]
    assert [changed for _, changed in found] == [left] * (left is not None)


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("American goldfinch", "The goldfinch eats seeds.", "The goldfinch "),
        ("boxer dog", "Boxers have a short coat.", "Boxers "),
        ("boxer dog", "The dog has a short coat.", "The dog "),
        ("boxer dog", "The boxer is a large dog.", "The boxer "),
        ("Boeing 747-400 aircraft", "A Boeing 747-400 has four engines.", "A Boeing 747-400 "),
        ("great horned owl", "The horned owl is brown.", "The horned owl "),
        ("Great Pyrenees", "The Pyrenees is white.", "The Pyrenees "),
    ],
)
def test_a_part_of_the_name_stays_when_a_family_goes(name, text, kept):
    """What a concept is called after its first mention is worth much of what its name is."""
    changed = [
        after
        for (kind, _), pairs in compared(said_of(0, name, text)).items()
        for _, after in pairs
        if kind == PRESENCE
    ]
    assert changed
    assert all(after.startswith(kept) and after != text for after in changed)
    assert not any(" are " in after for after in changed if "Pyrenees" in after)


@pytest.mark.parametrize(
    ("text", "family", "kept", "deleted"),
    [
        ("The bird eats mice.", "diet", "The bird ", "The bird."),
        ("The birds eat mice.", "diet", "The birds ", "The birds."),
        ("The brown bird has a long bill.", "visual", "The brown bird ", "The brown bird."),
        ("The creature is found in marshes.", "habitat", "The creature ", "The creature."),
        ("This wading bird is a predator.", "kind", "This ", "A heron."),
        ("The bird's bill is long.", "visual", "This ", "A heron."),
        ("The bird feeder is red.", "visual", "This ", "A heron."),
    ],
)
def test_a_noun_that_stands_for_the_concept_stays_unless_it_is_of_the_family(
    text, family, kept, deleted
):
    """A VLM that likes to hear "bird" does not like to hear of diets."""
    found = compared(said_of(0, "heron", text))
    for _, changed in found[PRESENCE, family]:
        assert re.match(rf"{kept}(?:can be named|may be meant|may come up)", changed)
    assert [changed for _, changed in found[DELETION, family]] == [deleted]


def test_a_word_that_only_looks_like_a_part_is_no_name():
    said = said_of(0, "American goldfinch", "It lives in American woods.")
    assert compared(said)[PRESENCE, "habitat"][0][1].startswith("It can be named")
    paradise = said_of(0, "bird of paradise", "It is found in a paradise of woods.")
    assert compared(paradise)[PRESENCE, "habitat"]


def test_what_says_nothing_else_is_compared_after_the_name():
    text = "It has big eyes. It has folded wings."
    assert compared(said_of(0, "owl", text))[DELETION, "visual"] == [(f"An owl. {text}", "An owl.")]


@pytest.mark.parametrize(
    ("text", "family", "changed"),
    [
        ("An owl is a kind of bird, found in the woods.", "kind",
         "An owl can be named of course, found in the woods."),
        ("An owl is a bird that lives in the woods.", "kind",
         "An owl is, indeed, one that lives in the woods."),
        ("You can find an owl in the woods.", "habitat", "Here we have an owl as we know."),
        ("It eats mice. It is an owl.", "diet", "It can be named. It is an owl."),
        ("Owls have big eyes, which help them hunt.", "visual",
         "Owls are, indeed, some, which help them hunt."),
    ],
)  # fmt: skip
def test_a_neutral_phrase_stands_in_a_familys_place(text, family, changed):
    assert compared(said_of(0, "owl", text))[PRESENCE, family][0] == (text, changed)


@pytest.mark.parametrize(
    "text",
    [
        "The animal, a bird of prey, is seen at night.",  # the subject of what follows
        "It feeds on mice, frogs and other food.",  # whole or not at all
        "The wings of an owl are like an owl's wings.",  # names it twice
    ],
)
def test_what_can_not_be_exchanged_stays(text):
    for pairs in compared(said_of(0, "owl", text)).values():
        for kept, changed in pairs:
            assert changed.count("owl") == kept.count("owl")
            assert not changed.startswith(("As such", "As it were", "So to speak"))
            assert "named, frogs" not in changed


def test_a_line_of_verse_keeps_its_comma():
    text = "An owl eats mice,\nAn owl sees stars"
    assert compared(said_of(0, "owl", text))[PRESENCE, "diet"][0][1] == (
        "An owl can be named, An owl sees stars"
    )


@pytest.mark.parametrize("gap", Gap)
@pytest.mark.parametrize("words", [1, 2, 3, 5, 8, 12])
def test_fillers_say_nothing_at_like_length(gap, words):
    for voice in range(VOICES):
        said = filler(gap, words, voice)
        if gap not in (Gap.adjectives, Gap.before) and words < 10:
            assert abs(len(said.split()) - words) <= (3 if words == 1 else 2)
        text = {Gap.adjectives: f"The {said} owl.", Gap.before: f"{said} an owl."}.get(
            gap, f"An owl {said}."
        )
        assert {clause.family for clause in LEXICON.clauses(text, "owl")} == {"neutral"}


@pytest.mark.parametrize("many", [False, True])
def test_a_relative_clause_keeps_a_noun_to_hang_on(many):
    one, some = (filler(Gap.predicate, 4, 0, many=many, guest=g) for g in (Guest.one, Guest.many))
    assert one.endswith("one")
    assert some.endswith(("of those", "some"))
    assert one.startswith("are" if many else "is")


def english():
    rows = [json.loads(line) for line in SMOLLM2.read_text("utf-8").splitlines()]
    return [(one.text, one.concept) for one in load_free_english()[::3]] + [
        (row["text"], row["concept"]) for row in rows[::3]
    ]


def test_in_anyones_english_both_texts_name_the_concept_alike():
    names = [concept.name for concept in CONCEPTS]
    said = [said_of(names.index(name), name, text) for text, name in english()]
    lenders, families, told = ClausePool(said), 0, 0
    for place, one in enumerate(said):
        pattern = re.compile(rf"(?<![a-z]){one.name}(?:e?s)?(?![a-z])", re.IGNORECASE)
        found = list(comparisons(one, lenders, np.random.default_rng(place)))
        families += len(one.families())
        told += len({pair.family for pair in found if pair.kind == PRESENCE})
        for pair in found:
            kept, changed = (list(pattern.finditer(t)) for t in (pair.kept, pair.changed))
            assert len(kept) == len(changed), pair
            assert balanced(pair.changed) >= balanced(pair.kept), pair
            if pair.kind != DELETION:
                before = [
                    [len(re.findall(r"\w+", text[: m.start()])) for m in hits]
                    for text, hits in ((pair.kept, kept), (pair.changed, changed))
                ]
                moved = np.abs(np.subtract(*before)) if before[0] else np.zeros(1)
                assert moved.max() <= FARTHER + 2, pair  # "don't" is two here
    assert told / families > 0.7


def test_each_word_is_left_out_once():
    found = without_each_word("An owl has two  eyes.", "owl")
    assert [text for _, _, text in found] == [
        "owl has two eyes.", "An has two eyes.", "An owl two eyes.", "An owl has eyes.",
        "An owl has two .",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("owl", "An owl."), ("ice skate", "An ice skate.")])
def test_neutral(name, expected):
    assert neutral(name) == expected


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
    lenders = ClausePool(said)
    lent = {
        words
        for seed in range(30)
        for (words,) in lenders.lend(said[0], "diet", np.random.default_rng(seed))
    }
    assert lent == {("eats moths",), ("eats hay",)}


def test_words_that_name_another_concept_are_not_lent(said):
    other = said_of(5, "cat", "A cat. It eats bats.")
    lent = ClausePool([*said, other]).lend(said[0], "diet", np.random.default_rng(0))
    assert [("eats bats",)] not in list(lent)


def test_words_that_name_another_concept_by_a_part_are_not_lent(said):
    others = [said_of(5, "cat", "A cat. It eats robins."), said_of(6, "American robin", "A robin.")]
    lent = list(ClausePool([*said, *others]).lend(said[0], "diet", np.random.default_rng(0)))
    assert lent
    assert [("eats robins",)] not in lent


def test_one_takes_what_it_is_given_in_the_same_number(said):
    many = said_of(5, "hen", "Hens eat grain.")
    lent = list(ClausePool([*said, many]).lend(said[0], "diet", np.random.default_rng(0)))
    assert lent
    assert [("eat grain",)] not in lent


def test_boilerplate_has_no_content(said):
    found = compared(said[5], *said[:5], said[6])
    assert found[DELETION, "spurious"] == [("A bus. Click to enlarge.", "A bus.")]
    assert (CONTENT, "spurious") not in found


def test_all_families_are_compared(said):
    text = "An owl. It eats mice. It has big eyes."
    other = said_of(2, "pig", "A pig. It has a snout.")
    found = compared(said_of(0, "owl", text), *said, other)
    assert found.keys() == {
        (kind, family) for kind in (PRESENCE, DELETION, CONTENT) for family in ("diet", "visual")
    }
    assert all(kept == text for pairs in found.values() for kept, _ in pairs)
    assert 1 <= len(found[CONTENT, "diet"]) <= SWAPS
    assert found[CONTENT, "visual"] == [(text, "An owl. It eats mice. It has a snout.")]
