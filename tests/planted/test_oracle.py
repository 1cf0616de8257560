"""The oracle scores all that can be said, and finds what was put there."""

import numpy as np
import pytest
import torch

import vlminterp
from vlminterp.description.bank import Bank
from vlminterp.planted.descriptions import descriptions
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES
from vlminterp.planted.oracle import QUANTILES, held_out_classes, oracle, planted_rows
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.wordings import THINGS

NAMES = list(load_facts().concepts)


@pytest.fixture(scope="module")
def encoder():
    return vlminterp.load("planted-habitat", device="cpu")


@pytest.fixture(scope="module")
def result(encoder):
    advanced = []
    found = oracle(
        encoder,
        held_out=True,
        openings=THINGS.held_out[:1],
        classes=held_out_classes(encoder, images=2),
        on_advance=lambda n, total: advanced.append((n, total)),
    )
    assert len(found.bank.said) == 8160 / len(THINGS.held_out)
    assert {total for _, total in advanced} == {found.texts}
    assert sum(n for n, _ in advanced) == found.texts
    return found


@pytest.mark.parametrize(("held_out", "count"), [(False, 37_520), (True, 8_160)])
def test_the_bank_is_all_that_the_grammar_writes(held_out, count):
    bank = Bank(planted_rows(held_out=held_out), NAMES, NAMES)
    written = [
        (NAMES.index(concept.name), description.families, description.text)
        for concept in load_facts().concepts.values()
        for description in descriptions(concept, held_out=held_out)
    ]
    assert len(written) == count
    assert written == [
        (said.about, (said.family,) if said.family else (), said.text) for said in bank.said
    ]
    assert bank.families == FAMILIES


def test_counterparts_are_about_the_same_concept_in_the_same_wording():
    bank = Bank(planted_rows(held_out=True), NAMES, NAMES)
    swapped = bank.swapped(1)
    said = {family: set() for family in FAMILIES}
    for swap in swapped:
        own = bank.said[swap.row]
        said[own.family].add(own.about)
        opening, words = swap.text.split(". ")
        own_opening, own_words = own.text.split(". ")
        assert (opening, words) != (own_opening, own_words)
        assert opening == own_opening
    assert {family: len(concepts) for family, concepts in said.items()} == {
        **dict.fromkeys(FAMILIES, 40),
        "spurious": 0,
    }


def test_scores_are_cosines_with_held_out_scenes(encoder, result):
    concepts = list(PlantedSource(PlantedConfig(images=2)).concepts())
    generator = np.random.default_rng(0)
    for row in generator.integers(len(result.bank.said), size=5):
        said = result.bank.said[row]
        pixels = encoder.preprocess([load() for load in concepts[said.about].held_out])
        with torch.no_grad():
            text = encoder.encode_text(encoder.tokenize([said.text]))[0]
            cosines = encoder.encode_image(pixels) @ text
        assert result.measured["own"].scores[row] == pytest.approx(float(cosines.mean()), abs=1e-5)


def test_the_best_are_the_best(result):
    for score in ("own", "contrastive"):
        best = result.best("owl", 3, score)
        about = [s.about == NAMES.index("owl") for s in result.bank.said]
        values = np.sort(result.measured[score].scores[about])[::-1]
        assert [one.score for one in best] == pytest.approx(values[:3].tolist())
        assert all("owl" in one.text for one in best)


def test_the_distribution_is_of_each_family(result):
    for score in ("own", "contrastive"):
        found = result.distribution(score)
        assert set(found) == {"", *FAMILIES}
        lowest, highest = QUANTILES.index(0.0), QUANTILES.index(1.0)
        values = result.measured[score].scores
        assert min(q[lowest] for q in found.values()) == pytest.approx(values.min())
        assert max(q[highest] for q in found.values()) == pytest.approx(values.max())
        assert all((np.diff(quantiles) >= 0).all() for quantiles in found.values())


def test_nothing_is_cut_off(encoder):
    """Or words at the end of long descriptions would not count."""
    for held_out in (False, True):
        bank = Bank(planted_rows(held_out=held_out), NAMES, NAMES)
        longest = sorted((said.text for said in bank.said), key=len)[-200:]
        assert not any(encoder.tokenize(longest).truncated)
