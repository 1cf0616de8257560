"""The page says the verdict, asks no host for anything, and escapes what users write."""

import re

import pytest

from tests.report.test_page import EVIL, Page
from vlminterp.report.page import render
from vlminterp.results.run_folder import RunFolder


@pytest.fixture
def evil_run(finish, write_bank, class_folder):
    rows = [
        ("", "", f"a photo of {{concept}} {EVIL}", "f"),
        ("owl", EVIL, f"a photo of {{concept}} {EVIL} in the forest", "f"),
        ("cat", EVIL, f"a photo of {{concept}} {EVIL} in the room", "f"),
        ("cat", "[bold]a family whose name fits beside no drawing", "a photo of {concept}", "f"),
    ]
    return finish(
        "data=class_folder", f"data.path={class_folder}", f"plugin.bank={write_bank(rows)}"
    )


def test_a_page_of_evil_words(evil_run):
    html = render(evil_run)
    page = Page(html)
    assert "<script" not in html
    assert "alert(1)" in page.text
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object")
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\((?!['\"]?data:)|@import", html)


def test_a_page_of_a_planted_preference(finish, planted_bank):
    run = finish("model=planted-diet", f"plugin.bank={planted_bank}")
    page = Page(render(run))
    assert "planted-diet prefers diet" in page.text
    for family, interval in run.summary["gains"]["presence"].items():
        assert family in page.text
        assert f"{interval['mean']:.3f}".replace("-", "−") in page.text.replace("-", "−")
    for name in ("owl", "penguin", "tractor"):
        assert name in page.text
    assert "mice" in page.text
    assert len(page.all("svg")) >= 3
    assert (run.path / "report.html").read_text() == render(run)


def test_a_page_of_an_unfinished_run(finish, planted_bank):
    run = finish(f"plugin.bank={planted_bank}")
    (run.path / "summary.json").unlink()
    parts = sorted(run.path.glob("rows/*.parquet"))
    assert len(parts) > 1
    parts[0].unlink()
    text = Page(render(RunFolder.read(run.path))).text
    assert "unfinished" in text
    assert "prefers" not in text
    for path in parts[1:]:
        path.unlink()
    assert "There are no results yet" in Page(render(RunFolder.read(run.path))).text


def test_the_console_shows_families_as_they_are_written(command, write_bank, class_folder):
    rows = [("", "", "{concept}", ""), ("", "[bold]home", "{concept} in the forest", "")]
    line = ("data=class_folder", f"data.path={class_folder}", f"plugin.bank={write_bank(rows)}")
    code, out, err = command(*line, "console=rich")
    assert code == 0, err
    assert "[bold]home.presence" in out
