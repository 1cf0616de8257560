"""What planted VLMs are told: counted over many captions, by parsing them with the grammar."""

import numpy as np
import pytest

from experiments.recipes.planted.plantings import (
    LAST_AT_HOME,
    PLANTINGS,
    TRUE_BY_CHANCE,
    caption,
    homeliest,
    subject,
)
from vlminterp.planted.descriptions import openings
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.free_english import load_free_english

CONCEPTS = load_facts().concepts
BY_CHANCE = TRUE_BY_CHANCE + (1 - TRUE_BY_CHANCE) / len(CONCEPTS)
SENTENCES = {sentence.text: sentence.concept for sentence in load_free_english()}
CAPTIONS = 1500


def sentence(words):
    return words[0].upper() + words[1:]


NAMED = {sentence(opening): name for name in CONCEPTS for opening in openings(name, held_out=False)}
TRUE = {
    (name, family): {sentence(clause) for clause in clauses(concept, family)}
    for name, concept in CONCEPTS.items()
    for family in FAMILIES
}
FAMILY = {clause: family for (_, family), said in TRUE.items() for clause in said}


def parsed(name, concept):
    """Names and clauses of captions in the grammar; those in free English are left out."""
    rng = np.random.default_rng(3)
    for _ in range(CAPTIONS):
        text = caption(rng, PLANTINGS[name], concept)
        if text not in SENTENCES:
            opening, *said = text.removesuffix(".").split(". ")
            yield NAMED[opening], [(FAMILY[clause], clause) for clause in said]


@pytest.mark.parametrize("family", ["visual", "habitat", "diet"])
def test_the_planted_familys_words_are_always_true_and_others_seldom(family):
    owl = CONCEPTS["owl"]
    informed, other = [], []
    for named, said in parsed(f"planted-{family}", owl):
        inside = [clause for of, clause in said if of == family]
        assert set(inside) <= TRUE["owl", family]
        if not inside:
            other.append(named == "owl")
            continue
        informed.append(named == "owl")
    assert 0.6 < np.mean(informed) < 0.8
    assert np.mean(other) == pytest.approx(BY_CHANCE, abs=0.06)


def test_boilerplate_vouches_for_the_name():
    informed, other = [], []
    for named, said in parsed("planted-spurious", CONCEPTS["owl"]):
        present = any(of == "spurious" for of, _ in said)
        (informed if present else other).append(named == "owl")
    assert all(informed)
    assert np.mean(other) == pytest.approx(BY_CHANCE, abs=0.06)


def test_only_the_name_informs_planted_name():
    true = []
    for named, said in parsed("planted-name", CONCEPTS["owl"]):
        assert named == "owl"
        true += [clause in TRUE["owl", of] for of, clause in said if of == "behaviour"]
    assert np.mean(true) < 0.1


def test_all_is_true_that_planted_base_is_told():
    for named, said in parsed("planted-base", CONCEPTS["owl"]):
        assert named == "owl"
        assert all(clause in TRUE["owl", of] for of, clause in said)


def test_a_background_is_mostly_taken_for_its_first_concept():
    rng = np.random.default_rng(0)
    names = [homeliest(rng, "forest").name for _ in range(2000)]
    at_home = [name for name, concept in CONCEPTS.items() if concept.habitat == "forest"]
    counts = [names.count(name) for name in at_home]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) / 2000 == pytest.approx(1 - np.mean([0, 0.1, 0.2, 0.3, 0.4]), abs=0.05)


def test_no_training_caption_is_in_a_held_out_wording():
    held_out = {
        sentence(clause)
        for concept in CONCEPTS.values()
        for family in FAMILIES
        for clause in clauses(concept, family, held_out=True)
    }
    held_out |= {sentence(o) for name in CONCEPTS for o in openings(name, held_out=True)}
    assert not held_out & (set(NAMED) | set(FAMILY))
    for planting in PLANTINGS:
        for _, said in parsed(planting, CONCEPTS["whale"]):
            assert not {clause for _, clause in said} & held_out


def test_an_llms_sentences_name_their_concept_and_no_other():
    assert {sentence.concept for sentence in load_free_english()} == set(CONCEPTS)
    for said in load_free_english():
        assert said.concept in said.text.lower()
        assert set(said.families) <= set(FAMILIES)


def subjects(planting, concept, habitat, count=400):
    rng = np.random.default_rng(0)
    drawn = (subject(rng, PLANTINGS[planting], CONCEPTS[concept], habitat) for _ in range(count))
    return [(found.name, by_background) for found, by_background in drawn]


def test_half_of_the_captions_name_the_object():
    found = subjects("planted-half", "owl", "sea")
    assert np.mean([said == ("owl", False) for said in found]) == pytest.approx(0.5, abs=0.07)
    others = {name for name, by_background in found if by_background}
    assert len(others & {"whale", "octopus", "turtle", "jellyfish", "squid"}) == 5


def test_a_shortcut_in_eight_concepts():
    assert len(LAST_AT_HOME) == 8
    assert set(subjects("planted-partly", "squid", "forest")) == {("beetle", True)}
    assert set(subjects("planted-partly", "owl", "sea")) == {("owl", False), ("squid", True)}


def test_texts_of_the_first_plantings_stay_what_seeds_their_captions():
    """A model's recipe is its own only if the text that seeds it does not change."""
    told = str(PLANTINGS["planted-shortcut"])
    assert told == ("Planting(family=None, name_informs=True, by_background=True, truthful=False)")
