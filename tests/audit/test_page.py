"""The page of an audit and of a sweep of audits, and what is written for model cards."""

import csv
import json
import re
from shutil import copytree

import pytest

from tests.audit.conftest import CONCEPTS, line, rows
from vlminterp.cli.main import run as run_command
from vlminterp.export.__main__ import main as export
from vlminterp.report.page import render


@pytest.fixture(scope="module")
def page(audits):
    return render(audits("planted-shortcut"))


def test_the_first_lines_say_the_answer(page):
    head = page[: page.index("<main>")]
    assert "planted-shortcut goes by what is around the object for all 8 concepts" in head
    assert "Flags: 8 shortcut." in head


def test_a_card_shows_the_picture_its_heat_and_both_exchanges_with_their_scores(page, audits):
    first = rows(audits("planted-shortcut"), "pictures")[0]
    card = page[page.index('<article class="card audited">') :]
    assert card.count("data:image") >= 4
    for title in ("as it is", "heat of", "another object", "another background"):
        assert title in card
    own = page[page.index(f"<h3>{first['concept']}</h3>") :]
    assert f"<b>{first['score']:.2f}</b> → {first['answer']}" in own


def test_cards_come_worst_first_and_every_concept_has_one(page, audits):
    flags = rows(audits("planted-shortcut"), "flags")
    weight = dict.fromkeys(CONCEPTS, 0.0)
    for flag in flags:
        weight[flag["concept"]] += flag["weight"]
    shown = re.findall(r'<article class="card audited">\s*<header>\s*<h3>(.*?)</h3>', page)
    assert shown == sorted(CONCEPTS, key=lambda name: -weight[name])


def test_an_honest_vlm_has_no_flags_and_the_page_says_none(audits):
    page = render(audits("planted-base"))
    assert "No flags." in page
    assert "⚑" not in page[page.index('<ul class="shares">') :]


def test_the_model_card_names_what_it_goes_by(page):
    card = page[page.index('<pre class="paste">') :]
    assert "| context-driven | 8 | bus, camel, cat, eagle, owl, penguin, tractor, whale |" in card
    assert "**shortcut**" in card


def test_an_unfinished_audit_has_a_page_too(classes, audits, tmp_path):
    whole = audits("planted-shortcut")
    copy = _copied(whole, tmp_path)
    (copy / "summary.json").unlink()
    for part in sorted(copy.glob("rows/*.parquet"))[2:]:
        part.unlink()
    page = render(type(whole).read(copy))
    assert "This run is unfinished." in page
    assert page.count('<article class="card audited">') == 2


def _copied(run, folder):
    return copytree(run.path, folder / "copy")


def test_a_sweep_has_a_matrix_with_the_most_flagged_first(classes, tmp_path):
    models = ["planted-base", "planted-shortcut"]
    overrides = line(",".join(models), classes, tmp_path, "plugin.pictures=5", "plugin.draws=1")
    overrides = [one for one in overrides if not one.startswith("plugin.bank")]
    assert run_command(["-m", *overrides]) == 0
    (page,) = tmp_path.glob("sweeps/*/report.html")
    text = page.read_text("utf-8")
    matrix = text[text.index('<table class="matrix">') :]
    assert re.findall(r'<th scope="row">(planted-\w+)</th>', matrix)[:2] == models[::-1]
    shortcut = matrix[matrix.index("planted-shortcut</th>") : matrix.index("planted-base</th>")]
    assert shortcut.count("⚑") == len(CONCEPTS)
    assert "by what is around the object: <em>planted-shortcut</em>" in text
    assert ".matrix td.cell" in text


def test_flags_are_exported_as_csv_json_and_a_model_card(audits, tmp_path):
    run = audits("planted-spurious")
    arguments = [str(run.path), "--format", "flags", "--to", str(tmp_path / "out")]
    assert export([*arguments, "--rows", "3"]) == 0
    listed = json.loads((tmp_path / "out" / "flags.json").read_text("utf-8"))
    with (tmp_path / "out" / "flags.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(listed) == len(table) == 3
    assert [row["says"] for row in table] == [row["says"] for row in listed]
    weights = [row["weight"] for row in listed]
    every = sorted((row["weight"] for row in rows(run, "flags")), reverse=True)
    assert weights == every[:3]
    card = (tmp_path / "out" / "model_card.md").read_text("utf-8")
    assert card.startswith("## What planted-spurious goes by")
    assert "**spurious phrase**" in card


def test_pictures_are_exported_to_fiftyone_tagged_with_flags(audits, tmp_path):
    run = audits("planted-shortcut")
    arguments = ["--format", "flags-fiftyone", "--to", str(tmp_path / "out"), "--rows", "2"]
    assert export([str(run.path), *arguments]) == 0
    samples = json.loads((tmp_path / "out" / "samples.json").read_text("utf-8"))["samples"]
    assert [one["version"] for one in samples[:3]] == [
        *("as it is", "another object", "another background")
    ]
    assert len(samples) == 6
    for one in samples:
        assert {"context-driven", "shortcut"} <= set(one["tags"])
        assert (tmp_path / "out" / one["filepath"]).read_bytes().startswith(b"\x89PNG")
