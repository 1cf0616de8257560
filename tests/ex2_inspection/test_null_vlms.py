"""On an LLM's texts, VLMs that prefer nothing are told from those that prefer what was planted."""

import pytest

from experiments.ex2_truth.ablations import MARGIN, compare, free_english, gains, said_of, scorer
from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred

FEWEST = 10


@pytest.fixture(scope="module")
def compared():
    return compare(said_of(free_english()[::3]))


def well_known(gained: Gains) -> Gains:
    """Gains of families that enough concepts' texts speak of: three have boilerplate."""
    families = [f for f, found in gained.intervals().items() if found.n >= FEWEST]
    columns = [gained.families.index(family) for family in families]
    return Gains(tuple(families), gained.per_concept[:, columns])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["name", "base"])
def test_a_vlm_that_prefers_nothing_prefers_nothing(compared, model):
    """Deleting a clause with the name in it gave kind +.31 and +.20 here."""
    found = gains(compared, scorer(model))
    for kind in ("presence", "deletion"):
        assert preferred(well_known(found[kind]), MARGIN).finding is Finding.nothing, kind


@pytest.mark.slow
@pytest.mark.parametrize("model", ["habitat"])
def test_a_planted_vlm_prefers_its_own_family(compared, model):
    found = gains(compared, scorer(model))
    for kind, gained in found.items():
        assert preferred(well_known(gained), MARGIN).family == model, kind
