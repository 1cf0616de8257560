"""Audits of VLMs whose preferences were planted, end to end, with masks from a folder."""

import json

import pytest
from vlminterp_audit.markdown import model_card
from vlminterp_audit.page import concept_reports

from tests.audit.conftest import CONCEPTS, rows


def drivers(run):
    return {row["name"]: row["driver"] for row in rows(run)}


@pytest.mark.parametrize(
    ("model", "driver"),
    [("planted-base", "object-driven"), ("planted-shortcut", "context-driven")],
)
def test_what_a_vlm_goes_by_is_found_for_every_concept(audits, model, driver):
    run = audits(model)
    assert drivers(run) == dict.fromkeys(CONCEPTS, driver)
    shortcuts = run.summary["flags"]["shortcut"]
    assert shortcuts == (len(CONCEPTS) if driver == "context-driven" else 0)


def test_words_that_nothing_carries_are_spurious_and_the_vlm_still_goes_by_the_object(audits):
    run = audits("planted-spurious")
    assert set(drivers(run).values()) == {"object-driven"}
    assert run.summary["likes"] == "spurious"
    flagged = [row for row in rows(run, "flags") if row["flag"] == "spurious phrase"]
    liked = {row["concept"]: row["phrase"] for row in rows(run)}
    assert {row["concept"] for row in flagged} == set(CONCEPTS)
    assert all(row["phrase"] == liked[row["concept"]] for row in flagged)


def test_liking_to_hear_habitats_is_not_going_by_them(audits):
    run = audits("planted-habitat")
    assert run.summary["likes"] == "habitat"
    assert set(drivers(run).values()) == {"object-driven"}
    assert run.summary["flags"]["shortcut"] == 0
    assert "habitat" in run.summary["verdict"]
    assert "the object itself" in run.summary["verdict"]


def test_swapped_words_cost_what_they_say(audits):
    best = {row["concept"]: row for row in rows(audits("planted-habitat"), "phrases")[::-1]}
    liked = [row for row in best.values() if row["family"] == "habitat"]
    assert len(liked) == len(CONCEPTS)
    assert all(row["swapped"] < row["gain"] - 0.05 for row in liked)
    boilerplate = [
        r for r in rows(audits("planted-spurious"), "phrases") if r["family"] == "spurious"
    ]
    assert all(row["swapped"] is None for row in boilerplate)  # no concept has words of its own


def test_exchanges_move_score_and_answer_as_the_driver_says(audits):
    base, shortcut = (rows(audits(f"planted-{name}"), "pictures") for name in ("base", "shortcut"))
    assert all(row["answer"] == row["shows"] == row["concept"] for row in base)
    assert kept(base, "answers_other_object") < 0.1 < 0.9 < kept(base, "answers_other_background")
    for row in shortcut:
        assert row["other_object"] > 0.5 * row["score"]
        assert row["other_background"] < 0.5 * row["score"]
    assert kept(shortcut, "answers_other_background") < 0.1
    assert kept(shortcut, "answers_other_object") > 0.7


def kept(found, column):
    """The share of answers that are the same after an exchange."""
    same = [answer == row["answer"] for row in found for answer in row[column]]
    return sum(same) / len(same)


def test_without_masks_regions_come_from_maps_and_rows_say_so(audits):
    run = audits("planted-base", "plugin.regions=null", "plugin.pictures=2", "plugin.draws=1")
    assert run.summary["regions"] == ["map"]
    assert run.summary["flags"]["shortcut"] == 0
    assert "Shortcuts were not looked for: objects were found by maps" in run.summary["verdict"]
    card = model_card(run, concept_reports(run))
    assert "no shortcut" not in card
    assert "Shortcuts were not looked for" in card
    assert {row["regions"] for row in rows(run, "pictures")} == {"map"}


def test_no_shortcut_is_flagged_from_regions_of_maps_not_even_a_true_one(audits):
    run = audits("planted-shortcut", "plugin.regions=map")
    drivers = run.summary["drivers"]
    assert drivers["context-driven"] + drivers["both"] > 0
    assert run.summary["flags"]["shortcut"] == 0


def test_without_a_bank_names_alone_are_audited(audits):
    run = audits("planted-base", "plugin.bank=null", "plugin.pictures=2", "plugin.draws=1")
    assert run.summary["likes"] is None
    assert run.summary["flags"]["name only"] == 0
    assert "No words beside names were tested" in run.summary["verdict"]
    card = model_card(run, concept_reports(run))
    assert "no shortcut" in card
    assert "no spurious phrase" not in card
    assert len(run.parts) == len(CONCEPTS)


def test_the_summary_is_plain_json(audits):
    summary = audits("planted-base").summary
    assert json.loads(json.dumps(summary)) == summary
    assert summary["drivers"]["object-driven"] == len(CONCEPTS)
