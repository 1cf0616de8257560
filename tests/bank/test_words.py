"""A bank's verdict in words stands beside its null, and claims nothing of what is rarely said."""

import numpy as np
import pytest
from vlminterp_bank.words import sentence

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred

MARGIN = 0.02


def told(null=0.0, concepts=20, **means):
    """The verdict and its sentence; a family `rare` is told of three concepts alone."""
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(mean, 0.002, concepts) for mean in means.values()], axis=1)
    if "rare" in means:
        values[3:, list(means).index("rare")] = np.nan
    own = Gains(tuple(means), values)
    shuffled = Gains(own.families, np.where(np.isnan(values), np.nan, null))
    kinds = {"presence": own, "content": own, "shuffled": shuffled}
    verdict = preferred(own, shuffled, MARGIN)
    intervals = {kind: gains.intervals() for kind, gains in kinds.items()}
    return verdict.finding, sentence("vlm", verdict, intervals, MARGIN, "own")


@pytest.mark.parametrize(
    ("finding", "null", "means"),
    [
        (Finding.preferred, 0.01, {"diet": 0.2, "home": 0.01}),
        (Finding.any_picture, 0.2, {"diet": 0.2, "home": 0.01}),
        (Finding.nothing, 0.01, {"diet": 0.003, "home": 0.001}),
        (Finding.undecided, 0.01, {"diet": 0.2, "home": 0.2}),
        (Finding.undecided, 0.01, {"diet": 0.02, "home": 0.0}),
        (Finding.undecided, 0.01, {"diet": 0.0, "home": -0.2}),
    ],
)
def test_every_verdict_stands_beside_its_null(finding, null, means):
    found, words = told(null, **means)
    assert found is finding
    assert f"(under shuffled classes: {null:.3f} [" in words


def test_none_is_said_of_the_families_that_were_told_alone():
    finding, words = told(diet=0.003, home=0.001, rare=0.5)
    assert finding is Finding.nothing
    assert words.startswith("vlm prefers none of 2 families: ")
    assert "Too little is said of rare." in words
