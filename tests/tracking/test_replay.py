"""A mirror made again from the run folder is the mirror that the run itself made."""

import json
import shutil

import pytest

from tests.results.fake_run import make_run
from tests.tracking.records import history, pictures, records, summary_of, tables
from vlminterp.cli.main import run
from vlminterp.results.lock import exclusive
from vlminterp.results.sweep import Sweep
from vlminterp.tracking.__main__ import main

FREE = ("_timestamp", "_runtime", "_wandb")
"""What two mirrors of a run may differ in."""


def without_clock(row):
    return {k: v for k, v in row.items() if not k.startswith(FREE) and not k.endswith("path")}


@pytest.fixture(scope="module")
def live(tmp_path_factory, hf_folder, picture_folder):
    """A real run that has mirrored itself; it returns its folder."""
    output = tmp_path_factory.mktemp("outputs")
    arguments = {
        "+plugin": "m2ib",
        "model": "hf",
        "model.checkpoint": hf_folder,
        "data": "folder",
        "data.path": picture_folder,
        "device": "cpu",
        "plugin.image.steps": 2,
        "plugin.text.steps": 2,
        "tracking": "offline",
        "tracking.project": "mine",
        "tracking.tags": "[a]",
        "output": output,
    }
    assert run([f"{key}={value}" for key, value in arguments.items()]) == 0
    (file,) = output.glob("*/*/*/config.yaml")
    return file.parent


def test_the_replayed_run_is_the_live_one(live, tmp_path, capsys):
    folder = tmp_path / live.parent.name / live.name
    shutil.copytree(live, folder)
    shutil.rmtree(folder / "wandb")
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder / 'wandb'}\n"
    assert len(tables(live)[0]["rows"]) == 8
    assert tables(folder)[0]["rows"] == tables(live)[0]["rows"]
    assert {key: len(found) for key, found in pictures(live).items()} == {
        "pictures": 4,
        "heatmaps": 4,
    }
    assert pictures(folder) == pictures(live)
    first, second = records(live), records(folder)
    (one,), (two,) = ([r.run for r in each if r.HasField("run")] for each in (first, second))
    for fact in ("project", "run_id", "run_group", "job_type", "display_name"):
        assert getattr(one, fact) == getattr(two, fact)
    assert one.project == "mine"
    assert list(one.tags) == list(two.tags) == ["a"]
    assert [*map(without_clock, history(first))] == [*map(without_clock, history(second))]
    assert without_clock(summary_of(first)) == without_clock(summary_of(second))


def test_a_replay_replaces_the_mirror_that_is_there(live, tmp_path):
    folder = tmp_path / live.parent.name / live.name
    shutil.copytree(live, folder)
    (before,) = folder.glob("wandb/*run-*")
    (before / "of-before").touch()
    assert main([str(folder), "--mode", "offline"]) == 0
    (after,) = folder.glob("wandb/*run-*")
    assert not (after / "of-before").exists()


def test_a_sweep_is_a_group_and_what_is_missing_is_told(tmp_path, capsys):
    folders = [make_run(tmp_path / "m2ib" / "m" / name, pairs=2) for name in ("a1", "b2")]
    sweep = Sweep(tmp_path / "sweeps" / "abc")
    for number, folder in enumerate(folders):
        sweep.note(f"seed={number}", {"path": str(folder)})
    sweep.note("seed=2", {"failed": "no model"})
    assert main([str(sweep.folder)]) == 0
    assert capsys.readouterr().err == "seed=2: has no folder (no model)\n"
    for folder in folders:
        (one,) = [record.run for record in records(folder) if record.HasField("run")]
        assert one.run_group == "abc"


def test_a_run_in_progress_is_left_alone_and_the_others_are_not(tmp_path, capsys):
    busy, idle = (make_run(tmp_path / "m" / name, pairs=1) for name in ("busy", "idle"))
    sweep = Sweep(tmp_path / "sweeps" / "abc")
    for folder in (busy, idle):
        sweep.note(folder.name, {"path": str(folder)})
    with exclusive(busy):
        assert main([str(sweep.folder)]) == 2
    out, err = capsys.readouterr()
    assert out == f"{idle / 'wandb'}\n"
    assert err.startswith("this run is in progress in another process")
    assert not (busy / "wandb").exists()


def test_what_is_no_run_is_one_line(tmp_path, capsys):
    (tmp_path / "note.json").write_text(json.dumps({}))
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path} is no run folder")
