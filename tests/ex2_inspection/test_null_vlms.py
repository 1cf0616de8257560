"""On an LLM's texts, VLMs that prefer nothing are told from those that prefer what was planted."""

import pytest
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import Description

from experiments.studies.ex2_truth.ablations import (
    MARGIN,
    compare,
    free_english,
    gains,
    said_of,
    scorer,
)
from vlminterp.description.verdict import Finding, preferred


@pytest.fixture(scope="module")
def compared():
    return compare(said_of(free_english()[::3]))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["name", "base"])
def test_a_vlm_that_prefers_nothing_prefers_nothing(compared, model):
    """Deleting a clause with the name in it gave kind +.31 and +.20 here."""
    found = gains(compared, scorer(model))
    for kind in ("presence", "deletion"):
        assert (
            preferred(found[kind].own, found[kind].shuffled, MARGIN).finding is Finding.nothing
        ), kind


@pytest.mark.slow
def test_a_part_of_a_name_is_no_familys_word():
    """Texts go on with "the owl" where the concept is a common owl: kind +.31, visual +.24 here."""
    lexicon, texts = Lexicon(), said_of(free_english()[::3])
    renamed = [
        Description(
            {"text": one.text, "name": (name := f"common {one.name}")},
            one.concept,
            lexicon.clauses(one.text, name),
        )
        for one in texts
    ]
    found = gains(compare(renamed), scorer("name"))["presence"]
    assert preferred(found.own, found.shuffled, MARGIN).finding is Finding.nothing


@pytest.mark.slow
@pytest.mark.parametrize("model", ["habitat"])
def test_a_planted_vlm_prefers_its_own_family(compared, model):
    found = gains(compared, scorer(model))
    for kind, gained in found.items():
        assert preferred(gained.own, gained.shuffled, MARGIN).family == model, kind
