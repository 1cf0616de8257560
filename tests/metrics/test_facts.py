"""What pages say against a metric is what the truth table has measured."""

import re
from pathlib import Path

import pytest

from vlminterp.metrics.facts import METRICS, how_it_misleads

JUDGED = Path(__file__).parents[2] / "experiments" / "studies" / "truth_table" / "judged.md"


def measured(name):
    """Kendall's τ of a metric by VLM and condition, as written in the study's table."""
    (line,) = re.findall(rf"^\| {name} \|(.*)\|$", JUDGED.read_text("utf-8"), re.M)
    found = [re.search(r"-?\d\.\d\d", cell)[0] for cell in line.split("|")]
    return [value.replace("0.", ".") for value in found]


@pytest.mark.parametrize("name", ["confidence_drop", "confidence_increase"])
def test_numbers_are_those_of_the_truth_table(name):
    said = METRICS[name].misleads
    first, second, *_ = measured(name.replace("_", " "))
    assert f"{first} and {second} on planted-base" in said
    first, second, *_ = measured("confidence drop, beyond that of the map shuffled")
    assert f"(τ {first} and {second})" in said
    road = sorted(measured("road"))
    assert f"ROAD ({road[0]} to {road[-1]})" in said


def test_metrics_that_rank_well_are_not_accused():
    accused = {name for name, metric in METRICS.items() if metric.misleads}
    assert accused == {"confidence_drop", "confidence_increase"}
    assert all(how_it_misleads(f"image.ig.{name}") for name in accused)
    assert not how_it_misleads("image.road")
    assert not how_it_misleads("image.of_a_plugin")
