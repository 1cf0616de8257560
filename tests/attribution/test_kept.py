"""A long run keeps pictures of its first pairs and of those that tell most."""

from itertools import islice

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.attribution.truth import PAIRS, FromTruth
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.rows import KEPT, explained_pairs
from vlminterp.attribution.telling import telling_pairs
from vlminterp.drawing.figure import figure
from vlminterp.export.fiftyone import to_fiftyone
from vlminterp.report.page import render
from vlminterp.results.timings import TIMINGS

FIRST = 4


@pytest.fixture
def few(explain, load_tiny, source):
    """Runs with pictures of the first pairs alone."""

    def run(name="few", keep=FIRST, **options):
        attributors = [FromTruth(load_tiny("hf"), source, side) for side in Side]
        return explain(*attributors, name=name, keep=keep, **options)

    return run


def files(folder):
    left_out = ("digests.json", TIMINGS)
    found = (path for path in folder.rglob("*") if path.is_file() and path.name not in left_out)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_which_pairs_are_kept(few):
    results = few()
    rows, kept = results.parts.rows(), results.table(KEPT).rows()
    assert set(rows[rows["picture"].notna()]["pair"]) == set(range(FIRST))
    assert rows["has_mask"].all()
    assert results.summary["with_truth"] == PAIRS
    later = rows[(rows["side"] == "image") & (rows["pair"] >= FIRST)]
    score = later.set_index("pair")["average_precision"]
    by = dict(zip(kept["kept_as"], kept["pair"], strict=True))
    assert set(by) == {"best", "worst", "random"}
    assert score[by["best"]] == score.max()
    assert score[by["worst"]] == score.min()
    assert results.finished
    named = {path.name for path in (results.path / "pictures").iterdir()}
    assert len(named) == 3 * (FIRST + 3)


def test_a_later_picture_is_the_one_that_the_run_would_have_drawn(few):
    results, whole = few(), few("whole", keep=PAIRS)
    assert not len(whole.table(KEPT))
    every = whole.parts.rows().drop_duplicates("pair").set_index("pair")
    for row in results.table(KEPT).rows().to_dict("records"):
        for shown in ("picture", "mask", "overlay"):
            ours, theirs = (
                np.asarray(Image.open(folder.path / name).convert("RGB"), float)
                for folder, name in ((results, row[shown]), (whole, every.loc[row["pair"], shown]))
            )
            assert np.abs(ours - theirs).mean() < 0.05
    columns = [name for name in every if name not in ("picture", "mask", "overlay")]
    pd.testing.assert_frame_equal(results.parts.rows()[columns], whole.parts.rows()[columns])


@pytest.mark.parametrize("drawn", [2, FIRST + 1])
def test_a_run_that_dies_drawing_ends_as_one_that_did_not(few, drawn):
    """It dies at the first pairs, or at the end, when the telling ones are drawn."""
    left = iter(range(drawn))

    def dies(*arguments, **options):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return figure(*arguments, **options)

    whole = few("whole")
    with pytest.raises(KeyboardInterrupt):
        few("killed", draw=dies, batch_size=5)
    resumed = few("killed")
    assert files(resumed.path) == files(whole.path)


def test_page_and_exports_say_what_was_kept(few, tmp_path):
    results = few()
    page = render(results)
    assert f"1 best, 1 worst, 1 random, the first {FIRST} of {PAIRS} pairs" in page
    assert page.count("<article") == 3 + FIRST
    kept = [pair for pair in explained_pairs(results) if "picture" in pair.image.row]
    assert len(kept) == FIRST + 3
    (tmp_path / "export").mkdir()
    (samples,) = to_fiftyone(results, tmp_path / "export")
    assert samples.read_text().count('"filepath"') == FIRST + 3
    assert (
        f'"pictures": "{FIRST + 3} of {PAIRS} pairs"'
        in samples.with_name("metadata.json").read_text()
    )


def test_nothing_is_kept_if_nothing_is_asked_for(few):
    results = few(keep=0)
    assert not list((results.path / "pictures").iterdir())
    assert results.summary["with_truth"] == PAIRS
    assert results.finished
    assert f"of {PAIRS} pairs" not in render(results)


def test_telling_pairs_of_a_plain_table():
    score = [0.5, 0.9, 0.1, 0.7, 0.3, 0.6, None]
    rows = pd.DataFrame(
        {
            "pair": range(10, 17),
            "id": list("abcdefg"),
            "trust": score,
            "passport": ["doubt", "trust", "nothing there", "trust", "doubt", "doubt", None],
        }
    )
    chosen = telling_pairs(rows, 1, seed=0)
    assert {k: v for k, v in chosen.items() if v != "random"} == {
        11: "best",
        12: "worst",
        14: "doubtful",
    }
    assert list(chosen) == sorted(chosen)
    draws = {
        place
        for seed in range(30)
        for place, why in telling_pairs(rows, 1, seed).items()
        if why == "random"
    }
    assert draws == {10, 13, 15, 16}
    assert telling_pairs(rows, 0, seed=0) == {}


def test_pairs_are_read_by_their_places(few):
    results = few()
    every = list(islice(explained_pairs(results), 9))
    some = list(explained_pairs(results, places=[8, 3]))
    assert [pair.pair for pair in some] == [3, 8]
    for pair in some:
        assert np.array_equal(pair.image.map, every[pair.pair].image.map)
