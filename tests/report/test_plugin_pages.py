"""The middle of a page is its plugin's; without the plugin, or without a page, tables are shown."""

from dataclasses import dataclass

import pytest
from markupsafe import Markup

from tests.report.test_page import EVIL, Page, words
from tests.results.fake_run import make_run
from vlminterp.plugin import Plugin
from vlminterp.report import page as page_module
from vlminterp.report.content import Content, Section
from vlminterp.report.default import ROWS_ON_PAGE
from vlminterp.report.page import render
from vlminterp.results import RunFolder

CONFIG = {"names": {"plugin": "gone", "model": "m", "data": "d"}, "plugin": {"beta": 0.5}}
INTERVAL = {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 7}


@pytest.fixture
def stages(tmp_path):
    """A run of several tables by a plugin that is not installed."""
    with RunFolder.open(tmp_path / "run", CONFIG) as results:
        rows = [{"step": step, "reward": step / 2, "text": EVIL} for step in range(50)]
        results.table("align").write(0, rows[:20], {})
        results.table("align").write(1, rows[20:], {})
        results.table("describe").write(0, [{"text": "an owl", "tags": ["a", "b"]}], {})
        results.table("describe").write(1, [{"id": "fox", "skipped": "no text"}], {})
        metrics = {"gain": {**INTERVAL, "higher_is_better": None}}
        summary = {"plugin": "gone", "unit": "concepts", "metrics": metrics}
        summary |= {"verdict": f"So it is {EVIL}.", "notes": [f"without {EVIL}", "left out: 2"]}
        results.finish(summary)
    return RunFolder.read(tmp_path / "run")


def test_a_run_whose_plugin_is_gone_shows_its_tables(stages):
    page = Page(render(stages))
    text = words(page.text)
    assert "no plugin 'gone'" in text
    assert "The first 30 of 50 rows; all are in rows/align/*.parquet" in text
    assert f"29 14.5 {EVIL}" in text
    assert "30 15 " not in text
    assert "['a', 'b']" in text
    assert len(page.all("tr")) >= ROWS_ON_PAGE
    assert not page.all("script")


def test_every_page_has_verdict_metrics_skips_and_settings(stages):
    text = words(Page(render(stages)).text)
    assert f"So it is {EVIL}." in text
    assert "gain 7 concepts" in text
    assert "gone 0.50 0.40 … 0.60" in text
    assert "Against the baseline" not in text
    assert "fox no text" in text
    assert f"The data: without {EVIL}. The data: left out: 2." in text
    assert "plugin.beta 0.5" in text


def test_an_attribution_run_whose_plugin_is_gone_still_shows_its_pairs(tmp_path):
    folder = make_run(tmp_path / "run")
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("plugin: m2ib", "plugin: gone"))
    (folder / "digests.json").unlink()  # or the change would count as damage
    page = Page(render(RunFolder.read(folder)))
    assert len(page.all("article")) == 5
    assert "no plugin 'gone'" in page.text


@dataclass
class Options:
    """None."""


class Talker(Plugin):
    """A plugin with a page of its own."""

    Config = Options

    def run(self, context):
        raise NotImplementedError

    def report(self, folder):
        body = Markup("<p>{}</p>").format(f"{len(folder.parts)} parts {EVIL}")
        return Content(
            heading=Markup("About <em>{}</em>").format(EVIL),
            lead=EVIL,
            sections=[Section(EVIL, body), Section("Second", Markup("<p>two</p>"))],
            counts={EVIL: EVIL},
            style=".own { color: red }",
        )


def test_a_plugin_has_the_middle_of_its_page(stages, monkeypatch):
    monkeypatch.setattr(page_module, "load_plugin", lambda name: Talker())
    html = render(stages)
    page = Page(html)
    text = words(page.text)
    assert "<script" not in html
    assert f"About {EVIL}" in text
    assert f"0 parts {EVIL}" in text
    assert "two" in text
    assert text.index("0 parts") < text.index("two") < text.index("Settings")
    assert ".own { color: red }" in html
    assert "no plugin" not in text
    assert "29 14.5" not in text
    assert page.all("section", **{"aria-labelledby": "section-2"})
    assert page.all("h2", id="section-2")
    assert page.all("em")


def test_a_plugin_without_a_page_has_the_default(stages, monkeypatch):
    class Silent(Talker):
        report = Plugin.report

    monkeypatch.setattr(page_module, "load_plugin", lambda name: Silent())
    text = words(Page(render(stages)).text)
    assert "The first 30 of 50 rows" in text
    assert "no plugin" not in text


def test_rows_that_are_no_attribution_are_a_table(tmp_path):
    with RunFolder.open(tmp_path / "run", CONFIG) as results:
        results.parts.write(0, [{"pair": 0, "id": "a", "text": "owl", "count": 3}], {})
        page = Page(render(results))
    assert "0 a owl 3" in words(page.text)
    assert not page.all("article")
