"""The shipped VLMs still prefer what was planted: a fast look, with few openings and scenes."""

import numpy as np
import pytest

import vlminterp
from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred
from vlminterp.planted.families import FAMILIES
from vlminterp.planted.oracle import held_out_classes, oracle

OPENINGS = ("here is a photo of {things}", "you can see {things}")
MARGIN = 0.02


@pytest.fixture(
    scope="module", params=["visual", "habitat", "diet", "spurious", "name", "shortcut"]
)
def measured(request):
    encoder = vlminterp.load(f"planted-{request.param}")
    classes = held_out_classes(encoder, images=4)
    found = oracle(encoder, held_out=True, openings=OPENINGS, classes=classes)
    return request.param, found.measured


def none(found):
    gains = found["own"].content
    return Gains(gains.families, np.zeros_like(gains.per_concept))


def test_the_planted_family_leads_or_none_does(measured):
    name, found = measured
    for score in ("own", "contrastive"):
        # other concepts' words are a null of their own, which shuffling classes does not better
        kinds = (
            (found[score].presence, found[score].shuffled),
            (found[score].content, none(found)),
        )
        for gains, shuffled in kinds:
            families = gains.intervals()
            verdict = preferred(gains, shuffled, MARGIN)
            if name not in FAMILIES:
                assert verdict.finding is Finding.nothing
            elif name in families:
                others = [abs(gain.mean) for family, gain in families.items() if family != name]
                assert verdict.family == name
                assert families[name].mean > 2 * max(others)
