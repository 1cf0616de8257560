"""The law of damage for EX2: no damaged file of a stage, cache or checkpoint is believed.

The run's own folder is removed as well where a stage's file is damaged, so that the same line has
to take its rows from that stage.
"""

import contextlib
import io
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.inspection.judge_cache import JudgeCache

from tests.results.test_damage import (
    contents,
    directory,
    flip,
    loaded_once,
    remove,
    truncate,
    zero,
)
from vlminterp.cli.main import run
from vlminterp.errors import ResultsError
from vlminterp.results.__main__ import main
from vlminterp.results.timings import TIMINGS, note_time

pytestmark = pytest.mark.slow
__all__ = ["loaded_once"]

DAMAGES = [truncate, zero, flip, remove, directory]
STAGES = "outputs/ex2/stages"
KINDS = {
    "steps": f"{STAGES}/align/*/rows/align/000001.parquet",
    "weights": f"{STAGES}/align/*/work/align/checkpoint-2/adapter_model.safetensors",
    "stage-config": f"{STAGES}/describe/*/config.yaml",
    "descriptions": f"{STAGES}/describe/*/rows/describe/000000.parquet",
    "inspected": f"{STAGES}/inspect/*/rows/inspect/000000.parquet",
    "classified": f"{STAGES}/zero-shot/*/rows/zero-shot/000000.parquet",
    "embeddings": f"{STAGES}/images/*.embeddings",
    "adopted": "outputs/ex2/planted-habitat/*/rows/describe/000000.parquet",
    "gains": "outputs/ex2/planted-habitat/*/rows/gains/000000.parquet",
    "summary": "outputs/ex2/planted-habitat/*/summary.json",
}

IN_EVERY_WAY = ("steps", "weights", "embeddings", "adopted")
"""One of each mechanism; the rest shares it."""


@pytest.fixture(scope="module")
def line(tiny_line):
    """A line that trains, describes, inspects and classifies in seconds."""
    own = ("data.images=2", "plugin.steps=2", "plugin.pool=1", "plugin.save_every=1")
    return [*tiny_line, *own]


@pytest.fixture(scope="module")
def whole(line, tmp_path_factory):
    """The folder in which an undisturbed run has left its `outputs`."""
    folder = tmp_path_factory.mktemp("whole")
    with contextlib.chdir(folder):
        assert run(line) == 0
    return folder


def results_of(folder):
    """What every file says but that of clocks: the rows of tables, the bytes of all others.

    A bit may flip in a part of a parquet file that says nothing, such as its statistics.
    """
    files = contents(folder / "outputs")
    return {
        name: pq.read_table(io.BytesIO(content)).to_pylist()
        if name.endswith("parquet")
        else content
        for name, content in files.items()
        if "timings" not in name
    }


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        pytest.param(kind, damage, id=f"{kind}-{damage.__name__}")
        for kind in KINDS
        for damage in (DAMAGES if kind in IN_EVERY_WAY else (flip, directory))
    ],
)
def test_the_same_line_mends_what_a_stage_has_left(line, whole, kind, damage, tmp_path, capsys):
    shutil.copytree(whole / "outputs", tmp_path / "outputs")
    damaged = min(tmp_path.glob(KINDS[kind]))
    damage(damaged)
    if "stages" in KINDS[kind]:
        shutil.rmtree(tmp_path / "outputs/ex2/planted-habitat")
    capsys.readouterr()
    with contextlib.chdir(tmp_path):
        code = run(line)
        _, err = capsys.readouterr()
        if code:
            assert "Traceback" not in err, err
            assert damage is directory, err
            assert "can't be written" in err.splitlines()[-1], err
            damaged.rmdir()
            assert run(line) == 0
    assert results_of(tmp_path) == results_of(whole)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_checkpoint_with_any_damaged_file_is_none(whole, damage, tmp_path):
    (folder,) = whole.glob(f"{STAGES}/align/*/work/align")
    names = sorted(path.name for path in (folder / "checkpoint-2").iterdir())
    assert {"adapter_model.safetensors", "optimizer.pt", "trainer_state.json"} <= set(names)
    assert [step for step, _ in whole_checkpoints(folder)] == [2, 1]
    for name in names:
        copy = tmp_path / name
        shutil.copytree(folder, copy)
        damage(copy / "checkpoint-2" / name)
        assert [step for step, _ in whole_checkpoints(copy)] == [1], name


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_answer_of_a_judge_is_asked_for_again(damage, tmp_path):
    cache, asked = JudgeCache(tmp_path, "judge"), [{"role": "user", "content": "?"}]
    answer = '{"informative": true, "visual": false}' * 5
    cache.write(asked, answer)
    (file,) = (path for path in Path(tmp_path).rglob("*") if path.is_file())
    damage(file)
    assert cache.read(asked) is None
    if damage is directory:
        with pytest.raises(ResultsError, match="can't be written"):
            cache.write(asked, answer)
    else:
        cache.write(asked, answer)
        assert cache.read(asked) == answer


def test_a_folder_in_the_place_of_the_clocks_ends_training_in_one_line(tmp_path):
    (tmp_path / TIMINGS).mkdir()
    with pytest.raises(ResultsError, match="can't be written"):
        note_time(tmp_path, step=1, seconds=0.5)


def test_check_finds_damage_in_stages_caches_and_checkpoints(whole, tmp_path, capsys):
    shutil.copytree(whole / "outputs", tmp_path / "outputs")
    assert main(["check", str(tmp_path / "outputs")]) == 0
    damaged = [min(tmp_path.glob(pattern)) for pattern in KINDS.values()]
    for path in damaged:
        truncate(path)
    capsys.readouterr()
    assert main(["check", str(tmp_path / "outputs")]) == 1
    said = capsys.readouterr().out.splitlines()
    assert {f"{path}: damaged or missing" for path in damaged} <= set(said)
    (stage,) = tmp_path.glob(f"{STAGES}/describe/*")
    (stage / "config.yaml").unlink()
    assert main(["check", str(stage)]) == 1
    assert f"{stage / 'config.yaml'}: damaged or missing" in capsys.readouterr().out
