"""The shipped VLMs still prefer what was planted: a fast look, with few openings and scenes."""

import pytest

import vlminterp
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


def test_the_planted_family_leads_or_none_does(measured):
    name, found = measured
    for score in ("own", "contrastive"):
        for gains in (found[score].presence, found[score].content):
            families = gains.intervals()
            if name not in FAMILIES:
                assert preferred(gains, MARGIN).finding is Finding.nothing
            elif name in families:
                others = [abs(gain.mean) for family, gain in families.items() if family != name]
                assert preferred(gains, MARGIN).family == name
                assert families[name].mean > 2 * max(others)
