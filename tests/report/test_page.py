import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from tests.report.own_script import own_script, without_own_script
from tests.results.fake_run import CONFIG, SUMMARY, make_run
from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import SideResult
from vlminterp.errors import ResultsError
from vlminterp.report import write_report
from vlminterp.report.__main__ import main
from vlminterp.report.attribution import PAIRS_ON_PAGE
from vlminterp.report.page import render
from vlminterp.results import RunFolder

EVIL = "<script>alert(1)</script>\"'&"
APART = {"dt", "dd", "th", "td", "small"}
VOID = {"meta", "img", "link", "br", "input"}


class Page(HTMLParser):
    """Collects tags and text, and checks that every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in APART:
            self.text += " "

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data

    def all(self, tag, **attrs):
        return [
            found for name, found in self.tags if name == tag and attrs.items() <= found.items()
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run") / "0123456789ab")


@pytest.fixture(scope="module")
def page(folder):
    return Page(render(RunFolder.read(folder)))


def words(text):
    return " ".join(text.split())


def test_page_says_what_was_run_and_how(page):
    text = words(page.text)
    for part in (
        "planted-base",
        "m2ib",
        "planted",
        "plugin.beta 0.1",
        "plugin.layer 0.8",
        "seed 0",
    ):
        assert part in text
    assert "pairs 5" in text
    assert "skipped 1" in text
    assert "unfinished" not in text


def test_scores_stand_beside_baselines_with_interval_and_direction(page):
    text = words(page.text)
    assert "pointing higher is better · 256 pairs" in text
    assert "m2ib 0.59 0.53 … 0.65" in text
    assert "random 0.08 0.05 … 0.11 clearly beaten" in text
    assert "drop lower is better" in text
    assert "centre 0.25 0.20 … 0.30 intervals overlap" in text


def test_what_was_skipped_is_named_with_its_reason(page):
    assert "scene/0001.png scene/0001.png: picture can't be read (truncated)" in words(page.text)


def test_every_pair_has_its_numbers_words_and_curves(page):
    assert len(page.all("article")) == 5
    text = words(page.text)
    assert "similarity 0.29" in text
    assert "of which in CLS 0.8" in text
    assert "of which in special tokens 0.2" in text
    assert "fox 1.9" in text
    assert page.all("span", **{"class": "word", "style": "--strength: 100%", "title": "1.9 nats"})
    labels = [attrs.get("aria-label", "") for attrs in page.all("svg")]
    assert sum("fit over 10 steps" in label for label in labels) == 10
    assert sum("information over 10 steps" in label for label in labels) == 10


def test_doubtful_maps_come_first_and_each_word_can_be_jumped_to(tmp_path):
    page = Page(render(RunFolder.read(make_run(tmp_path / "0123456789ab", passports=True))))
    text = words(page.text)
    assert "passports trust 2, doubt 2, nothing there 1 of 5 maps" in text
    shown = [attrs["aria-label"].split(":")[0] for attrs in page.all("article")]
    assert shown == [f"scene/{pair:04d}.png" for pair in (4, 2, 5, 0, 3)]
    headings = [attrs["id"] for attrs in page.all("h3", **{"class": "passports"})]
    assert headings == ["maps-doubt", "maps-trust", "maps-nothing-there"]
    assert [link["href"] for link in page.all("a")] == [f"#{name}" for name in headings]
    assert "doubt 2 · trust 2 · nothing there 1" in text
    first = page.all("div", **{"class": "passport"})[0]
    assert first["title"].startswith(
        "Probability that the heat lies on what causes the score: 0.30."
    )
    assert "passport doubt 0.30" in text


def test_without_passports_pairs_keep_their_order(page):
    shown = [attrs["aria-label"].split(":")[0] for attrs in page.all("article")]
    assert shown == [f"scene/{pair:04d}.png" for pair in (0, 2, 3, 4, 5)]
    assert "passport" not in page.text


def test_captions_run_in_their_own_direction(page):
    """The first letter tells it; words with a direction of their own would not count."""
    captions = page.all("p", **{"class": "caption"})
    assert captions
    assert all(caption["dir"] == "auto" for caption in captions)
    words = [tag for name, tag in page.tags if name == "span" and "word" in tag.get("class", "")]
    assert words
    assert not any("dir" in word for word in words)


def test_scales_are_in_nats_and_shared(page):
    (patch, word) = page.all("div", **{"class": "scale"})
    assert re.fullmatch(r"Patch: colours run from 0 to [\d.]+ nats", patch["aria-label"])
    assert word["aria-label"] == "Word: colours run from 0 to 1.9 nats"
    assert "scales that all pairs of this page share" in words(page.text)


def test_page_asks_no_host_for_anything(folder, page):
    for _, attrs in page.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            assert attrs.get(name, "data:").startswith("data:")
    html = render(RunFolder.read(folder))
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert "<script" not in without_own_script(html)
    assert not re.search("fetch|XMLHttp|import|eval|innerHTML", own_script(html))
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"].startswith("default-src 'none'")


def test_pictures_are_whole_small_and_have_alternatives(page):
    pictures = page.all("img")
    assert len(pictures) == 3 * 5
    for attrs in pictures:
        assert attrs["alt"]
        content = base64.b64decode(attrs["src"].partition("base64,")[2])
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            assert max(picture.size) <= 320


def test_map_lands_on_the_object(folder):
    """The fake's map peaks at its object: the overlay is brightest there, not elsewhere."""
    page = Page(render(RunFolder.read(folder)))
    heat = page.all("img", alt="Heatmap of the same picture, shared scale")[1]
    content = base64.b64decode(heat["src"].partition("base64,")[2])
    with Image.open(io.BytesIO(content)) as picture:
        red, _, blue = picture.convert("RGB").resize((10, 10)).split()
    warmth = [r - b for r, b in zip(red.tobytes(), blue.tobytes(), strict=True)]
    row, column = divmod(warmth.index(max(warmth)), 10)
    assert (row, column) in {(r, c) for r in (6, 7) for c in (6, 7)}


def evil_run(folder):
    config = {**CONFIG, "names": {"plugin": EVIL, "model": EVIL, "data": EVIL}, EVIL: EVIL}
    metric = {"mean": 1, "description": EVIL, "baselines": {EVIL: {"mean": 0.5}}}
    shared = {"pair": 0, "id": EVIL, "text": EVIL, "similarity": 0.1}
    with RunFolder.open(folder, config) as results:
        rows = [
            {**shared, "side": "image", "layer": -1, EVIL: 1.0},
            {**shared, "side": "text", "layer": 3, "words": [EVIL], "word_scores": [1.0]},
            {"pair": 1, "id": EVIL, "text": EVIL, "skipped": EVIL},
        ]
        results.parts.write(0, rows, {})
        results.finish({"pairs": 2, "metrics": {EVIL: metric}})
    return results


def test_nothing_from_the_data_becomes_markup(tmp_path):
    html = render(evil_run(tmp_path))
    assert html.count("<script") == 1
    html = without_own_script(html)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 12
    page = Page(html)
    assert page.text.count(EVIL) >= 10
    assert "The picture is not in the run folder." in page.text
    assert "layer embeddings" in words(page.text)


def test_one_side_alone_makes_a_page(tmp_path):
    for side in ("image", "text"):
        with RunFolder.open(tmp_path / side, CONFIG) as results:
            row = {"pair": 0, "id": "a", "text": "a cat", "side": side, "layer": 0}
            results.parts.write(0, [row], {})
            page = Page(render(results))
        assert len(page.all("article")) == 1
        assert "a cat" in words(page.text)


def test_unfinished_run_says_so_and_shows_what_there_is(tmp_path):
    page = Page(render(RunFolder.read(make_run(tmp_path / "a", finish=False))))
    assert "This run is unfinished." in page.text
    assert len(page.all("article")) == 5


def test_empty_run_makes_a_page(tmp_path):
    with RunFolder.open(tmp_path, CONFIG) as results:
        assert "There are no results yet." in Page(render(results)).text


def test_missing_and_broken_pictures_do_not_break_the_page(tmp_path):
    folder = make_run(tmp_path / "a")
    pictures = sorted((folder / "pictures").iterdir())
    pictures[0].unlink()
    pictures[1].write_bytes(b"PNG, but not really")
    found = RunFolder.read(folder)
    whole = {row["pair"] for table in found.parts.tables() for row in table.to_pylist()}
    page = Page(render(found))
    assert 0 < len(page.all("article")) <= len(whole) < 6
    assert not found.finished


def test_long_run_shows_the_first_pairs_and_says_where_the_others_are(tmp_path):
    with RunFolder.open(tmp_path, CONFIG) as results:
        for number in range(3):
            rows = [
                {"pair": pair, "id": str(pair), "text": "t", "side": "image"}
                for pair in range(50 * number, 50 * number + 50)
            ]
            results.parts.write(number, rows, {})
        results.finish({**SUMMARY, "pairs": 150})
    page = Page(render(results))
    assert len(page.all("article")) == PAIRS_ON_PAGE
    assert "Here are the first 100 of 150 pairs; all are in rows/*.parquet" in words(page.text)


def test_page_is_the_same_every_time(folder):
    page = write_report(RunFolder.read(folder))
    before = page.read_bytes()
    assert write_report(RunFolder.read(folder)).read_bytes() == before
    assert len(before) < 1_000_000


def test_command_remakes_the_page_from_the_folder_alone(folder, capsys):
    (folder / "report.html").unlink(missing_ok=True)
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder / 'report.html'}\n"
    assert (folder / "report.html").read_text("utf-8") == render(RunFolder.read(folder))


def test_command_says_in_one_line_what_is_no_run_folder(tmp_path):
    run = [sys.executable, "-m", "vlminterp.report", str(tmp_path)]
    done = subprocess.run(run, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "is no run folder" in line


def test_page_that_cannot_be_written_is_one_line(tmp_path):
    folder = make_run(tmp_path / "a", pairs=2)
    (folder / "report.html").mkdir()
    with pytest.raises(ResultsError, match=r"report.html can't be written: Is a directory"):
        write_report(RunFolder.read(folder))


def test_a_picture_too_narrow_to_show_has_no_map():
    """The model saw 5 of 2000 pixels; of 320 in their place, none has its centre there."""
    row = {"width": 2000, "height": 5, "box": [997.5, 0.0, 1002.5, 5.0]}
    side = SideResult(row=row, map=np.ones((2, 2), np.float32))
    assert placed_map(side, (1, 320)) is None
    assert placed_map(side, (5, 2000)) is not None
