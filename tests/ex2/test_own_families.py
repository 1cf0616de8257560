"""Families of one's own, from the command line to the page."""

import json

import pytest
from vlminterp_ex2.journal import rows_of

from tests.ex2_inspection.endpoint import completion, serving
from tests.report.test_page import Page, words
from vlminterp.export.__main__ import main as export
from vlminterp.report.page import render

FAMILIES = """
families:
  sight: {question: "how it looks: colour, size, parts", visual: true, shapes: [has, looks],
    words: [red, blue, gray, orange, brown, white, black, wing, tail, leg, eye, wheel, big, round]}
  home:
    question: where one meets it
    words: [tree, wood, forest, sea, ocean, water, floor, door, town, street, house, room]
    frames: ['\\bat home\\b', '\\b(?:find|live) PREP\\b']
  spurious: default
shots:
  - {concept: a toad, text: It is brown., families: [sight], explanation: Its colour is told.}
  - {concept: a toad, text: A toad., families: [], explanation: It is only named.}
"""
VERDICT = {"explanation": "e", "informative": True, "visual": False, "families": ["home"]}
NAMES = ["sight", "home", "spurious"]


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(FAMILIES, "utf-8")
    return path


def test_own_families_from_end_to_end(finish, own, tmp_path, capsys):
    with serving(lambda times, body: (200, completion(json.dumps(VERDICT)))) as server:
        judge = (
            *("plugin/judge=endpoint", "plugin.judge.model=stand-in"),
            *(f"plugin.judge.base_url={server.url}", "plugin.judge.limit=6"),
        )
        folder, _ = finish(f"plugin.families={own}", "plugin.zero_shot=false", *judge)
    asked = server.bodies[0]
    assert "- home: where one meets it\n" in asked["messages"][0]["content"]
    assert [m["role"] for m in asked["messages"]] == [
        "system",
        *("user", "assistant") * 2,
        "user",
    ]
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["families"]["items"]["enum"] == ["sight", "home"]

    rows, summary = rows_of(folder.table("inspect")), folder.summary
    columns = [name.removeprefix("presence_") for name in rows[0] if name.startswith("presence_")]
    assert columns == NAMES == [family["name"] for family in summary["families"]]
    said = {family for row in rows for family in row["families"]}
    assert "home" in said <= set(NAMES)
    assert all(row["visual"] == ("sight" in row["families"]) for row in rows if row["informative"])
    assert set(summary["shares"]["aligned"]) == {
        *(f"says_{name}" for name in NAMES),
        *("uninformative", "non_visual"),
    }
    judged = summary["judge"]
    assert (judged["judged"], judged["valid"]) == (6, 6)
    assert set(judged["kappa"]) == {"informative", "visual", "sight", "home"}
    assert judged["shares"]["base"]["says_home"]["mean"] == 1

    own.unlink()  # the page is drawn from what the run holds
    page = Page(render(folder))
    drawn = " ".join(svg.get("aria-label", "") for svg in page.all("svg"))
    assert "home: judge 1 " in drawn
    assert "habitat" not in drawn
    assert "is of no family" in words(page.text)
    out = tmp_path / "labels"
    assert export([str(folder.path), "--format", "labels", "--to", str(out)]) == 0
    capsys.readouterr()
    guide = (out / "guide.txt").read_text()
    assert "  home: where one meets it\n" in guide
    assert "spurious" not in guide


def test_other_families_repeat_only_what_depends_on_them(finish, own):
    line = (f"plugin.families={own}", "plugin.zero_shot=false")
    first, _ = finish(*line)
    own.write_text(FAMILIES.replace("home:", "place:"), "utf-8")
    second, _ = finish(*line)
    assert first.path != second.path
    stages = first.path.parents[1] / "stages"
    for stage, times in (("align", 1), ("describe", 1), ("inspect", 2)):
        assert sum(one.is_dir() for one in (stages / stage).iterdir()) == times
    assert "presence_place" in rows_of(second.table("inspect"))[0]


def test_mistakes_are_one_line_before_anything_is_computed(refused, own):
    told = refused("plugin.families=brids")
    assert "plugin.families=brids is no file, and no name of shipped families" in told
    assert "nearest: birds; all: aircraft, birds, flowers, pets" in told
    own.write_text(FAMILIES.replace("words: [tree", "wrods: [tree"), "utf-8")
    told = refused(f"plugin.families={own}")
    assert f"{own}: families.home has 'wrods'; nearest: words" in told
    own.write_text(FAMILIES.replace("spurious: default", "spurious_: default"), "utf-8")
    told = refused(f"plugin.families={own}")
    assert "families.spurious_: there is no such family of ours; nearest: spurious" in told
