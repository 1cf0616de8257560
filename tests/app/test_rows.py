"""The filters of the tab Runs against rows that are written by hand."""

import numpy as np
import pandas as pd
import pytest
from vlminterp_app.finished import finished_runs
from vlminterp_app.rows import MAIN, Wanted, chosen, read_rows, scores, shown, tables

from tests.results.fake_run import make_run
from vlminterp.errors import ConfigError, InputError

FRAME = pd.DataFrame(
    {
        "row": range(5),
        "part": 0,
        "text": ["an owl", "a camel", "AN OWL at night", "a whale", "a fish"],
        "passport": ["trust", "doubt", "doubt", "nothing there", None],
        "side": ["image", "image", "image", "image", "text"],
        "pointing_game": [1.0, 0.0, 1.0, 0.4, np.nan],
        "pointing_game.random": 0.1,
        "word_pointing": [np.nan, np.nan, np.nan, np.nan, 0.0],
        "energy": [0.9, 0.1, 0.5, np.nan, 0.3],
        "picture": "pictures/0.png",
        "box": [[0, 0, 1, 1]] * 5,
    }
)


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), [0, 1, 2, 3, 4]),
        (Wanted(word="owl"), [0, 2]),
        (Wanted(word="image"), []),
        (Wanted(word="(owl"), []),
        (Wanted(doubtful=True), [1, 2]),
        (Wanted(failures=True), [1]),
        (Wanted(doubtful=True, failures=True, word="owl"), []),
        (Wanted(score="energy", low=0.3), [4, 2, 0]),
        (Wanted(score="energy", high=0.5, descending=True), [2, 4, 1]),
        (Wanted(score="energy", low=0.2, high=0.6, word="a"), [4, 2]),
    ],
)
def test_wanted_rows(wanted, rows):
    assert list(chosen(FRAME, wanted).index) == rows


def test_a_row_without_the_score_comes_last_where_none_is_asked():
    assert list(chosen(FRAME, Wanted(score="energy")).index) == [1, 4, 2, 0, 3]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Wanted(doubtful=True), "no passports"),
        (Wanted(failures=True), "no row is known to fail"),
        (Wanted(low=0.5), "choose the score"),
    ],
)
def test_what_rows_cannot_tell_is_one_line(wanted, message):
    plain = FRAME.drop(columns=["passport", "pointing_game", "word_pointing"])
    with pytest.raises(ConfigError, match=message):
        chosen(plain, wanted)


def test_shown_columns_are_no_files_lists_or_baselines():
    columns = ["row", "text", "side", "passport", "pointing_game", "word_pointing", "energy"]
    assert list(shown(FRAME)) == columns
    assert scores(FRAME) == ["pointing_game", "word_pointing", "energy"]


def test_finished_runs_alone_and_their_rows(tmp_path):
    finished = make_run(tmp_path / "m2ib" / "planted-base" / "0a", passports=True)
    make_run(tmp_path / "m2ib" / "planted-base" / "0b", finish=False)
    (run,) = finished_runs(tmp_path)
    assert run.path == finished
    assert [one.path for one in finished_runs(finished)] == [finished]
    assert tables(run) == [MAIN]
    frame = read_rows(run, MAIN)
    assert 1 not in set(frame["pair"]), "pair 1 was skipped"
    assert len(frame) == 10
    with pytest.raises(InputError, match="no folder at"):
        finished_runs(tmp_path / "nowhere")


def test_a_folder_without_runs_says_so(tmp_path):
    pytest.importorskip("gradio")
    from vlminterp_app.browsing import NO_RUNS, _found

    assert _found(str(tmp_path)).info == NO_RUNS
