"""All captions of a run are searched in a real browser, from files beside its page."""

import shutil
from pathlib import Path

import pytest

from tests.results.fake_run import make_run
from vlminterp.report import search, write_report
from vlminterp.report.page import render
from vlminterp.results import RunFolder

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium")
HOSTILE = '</script><img src=x onerror="document.title = 1">\u2028 café'


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose page shows two of its pairs, and whose captions are in files of two."""
    monkeypatch.setattr("vlminterp.report.attribution.PAIRS_ON_PAGE", 2)
    monkeypatch.setattr(search, "CHUNK", 2)
    made = RunFolder.read(make_run(tmp_path / "planted-base" / "0123456789ab"))
    number = next(iter(made.parts))
    rows = made.parts.table(number).to_pylist()
    rows[0]["text"] = HOSTILE
    made.parts.write(number, rows, made.parts.arrays(number))
    write_report(made)
    return made


@pytest.fixture
def opened(run):
    """The page in a browser, which must not complain."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, complaints = browser.new_page(viewport={"width": 390, "height": 800}), []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((run.path / "report.html").as_uri())
        page.locator(".search summary").click()
        yield page
        assert complaints == []
        browser.close()


def pairs_of(run):
    rows = run.parts.rows()
    return rows[rows["skipped"].isna()].drop_duplicates("pair")


def ask(page, word):
    page.locator(".search input").fill(word)
    page.keyboard.press("Enter")


def test_every_caption_is_found_by_its_words(run, opened):
    pairs = pairs_of(run)
    assert len(pairs) > 4, "several files"
    for word in ("A", "no such word", "CAFÉ"):
        hits = pairs[
            [
                word.lower() in f"{i} {t}".lower()
                for i, t in zip(pairs["id"], pairs["text"], strict=True)
            ]
        ]
        ask(opened, word)
        opened.get_by_text(f"{len(hits)} found in {len(pairs)} captions").wait_for()
        cells = opened.locator(".search tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].slice(0, 3).map(cell => cell.textContent))"
        )
        assert cells == [
            [str(p), i, t] for p, i, t in zip(hits["pair"], hits["id"], hits["text"], strict=True)
        ]
    assert opened.title() != "1"
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390


def test_files_are_guarded_with_the_page(run):
    assert run.reported
    assert sorted(path.name for path in (run.path / "search").iterdir())[0] == "0000.js"
    file = run.path / "search" / "0001.js"
    file.write_bytes(file.read_bytes() + b" ")
    assert not run.reported
    assert Path("search/0001.js") in run.damaged()
    write_report(run)
    assert run.reported


def test_a_page_that_shows_all_pairs_has_no_search(tmp_path):
    made = RunFolder.read(make_run(tmp_path / "planted-base" / "0123456789ab"))
    write_report(made)
    assert 'class="search"' not in render(made)
    assert "file:" not in render(made)
    assert not (made.path / "search").exists()
