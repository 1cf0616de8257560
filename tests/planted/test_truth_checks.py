"""The recorded truth passes its checks, and a broken one does not; the tables are its own."""

import copy
import json
from pathlib import Path

import pytest

from experiments.studies.planted_truth.checks import MODELS, PREFERENCES, check
from experiments.studies.planted_truth.compare import compare
from experiments.studies.planted_truth.table import summary, tables

HERE = Path(__file__).parents[2] / "experiments" / "studies" / "planted_truth"


@pytest.fixture
def rows():
    return json.loads((HERE / "truth.json").read_text(encoding="utf-8"))["models"]


def failed(rows):
    return {(one.model, one.what.split(":")[0]) for one in check(rows) if not one.passed}


def test_the_recorded_truth_passes(rows):
    assert tuple(rows) == MODELS
    assert not failed(rows)


def test_the_tables_are_those_of_the_record(rows):
    assert (HERE / "table.md").read_text(encoding="utf-8") == tables(rows, check(rows))
    assert summary(rows) in (HERE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("score", ["own", "contrastive"])
@pytest.mark.parametrize("model", PREFERENCES)
@pytest.mark.parametrize("change", [{"family": "kind"}, {"p": 0.01}, {"ratio": 1.9}])
def test_a_preference_that_is_not_clear(rows, model, score, change):
    rows[model]["leads"][score]["presence"] |= change
    assert failed(rows) == {(model, f"{score} presence")}


@pytest.mark.parametrize("end", [1, 2])
def test_a_control_that_may_prefer_something(rows, end):
    smallest = min(rows[m]["gains"]["own"]["presence"][f][0] for m, f in PREFERENCES.items())
    triple = rows["planted-name"]["gains"]["own"]["presence"]["diet"]
    triple[end] = 0.099 * smallest * (-1) ** end
    assert not failed(rows)
    triple[end] = 0.101 * smallest * (-1) ** end
    assert failed(rows) == {("planted-name", "own presence")}


@pytest.mark.parametrize(
    ("model", "share", "value", "what"),
    [
        ("planted-base", "right", 0.89, "right in 0.9 of scenes"),
        ("planted-name", "right", 0.89, "right in 0.9 of scenes"),
        ("planted-visual", "right", 0.89, "right in 0.9 of scenes"),
        ("planted-diet", "background changes", 0.3, "background swaps change few"),
        ("planted-diet", "object changes", 0.4, "object swaps change most answers"),
        ("planted-shortcut", "background changes", 0.4, "background swaps change most answers"),
        ("planted-shortcut", "object changes", 0.3, "object swaps change few"),
        ("planted-shortcut", "at home", 0.89, "answers at home there in 0.9"),
        ("planted-shortcut", "object at home", 0.89, "object swapped"),
    ],
)
def test_answers_that_follow_the_wrong_thing(rows, model, share, value, what):
    rows[model]["answers"][share] = [value] * 3
    assert failed(rows) == {(model, what)}


def test_comparing_with_a_training_that_differs_in_one_number(rows):
    anew = copy.deepcopy(rows["planted-habitat"])
    assert all(one.within for one in compare(anew, rows["planted-habitat"]))
    anew["gains"]["own"]["content"]["habitat"][0] *= 1.2
    outside = [one for one in compare(anew, rows["planted-habitat"]) if not one.within]
    assert [one.number for one in outside] == ["own content gain: habitat"]
