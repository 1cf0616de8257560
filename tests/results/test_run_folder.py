import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from vlminterp.errors import ResultsError
from vlminterp.results import RunFolder
from vlminterp.results.lock import membership
from vlminterp.results.parts import Parts
from vlminterp.results.tables import Skip

CONFIG = {"names": {"plugin": "m2ib", "model": "m", "data": "d"}, "seed": 0, "text": "ж: <b>"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outputs" / "m2ib" / "m" / "0123456789ab"


def write_run(path, parts=2):
    with RunFolder.open(path, CONFIG) as results:
        for number in range(parts):
            results.parts.write(number, [{"pair": number, "id": f"p{number}"}], {})
        results.save_picture("0", Image.new("RGB", (2, 2)))
        results.finish({"kind": "attribution", "pairs": parts})


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def test_folder_says_what_was_run(path):
    write_run(path)
    found = RunFolder.read(path)
    assert found.config == CONFIG
    assert found.names == CONFIG["names"]
    assert set(found.versions) >= {"vlminterp", "python", "torch", "transformers", "platform"}
    assert found.finished
    assert found.summary == {"kind": "attribution", "pairs": 2, "parts": 2}
    assert found.skips() == []


def test_equal_runs_are_byte_identical(path, tmp_path):
    write_run(path)
    write_run(tmp_path / "again")
    for file in path.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (tmp_path / "again" / file.relative_to(path)).read_bytes()


def test_order_of_the_summary_is_kept(path):
    with RunFolder.open(path, CONFIG) as results:
        results.finish({"metrics": {"pointing": 1, "energy": 2}})
    assert list(RunFolder.read(path).summary["metrics"]) == ["pointing", "energy"]


def test_unfinished_until_finish(path):
    with RunFolder.open(path, CONFIG) as results:
        results.parts.write(0, [{"pair": 0}], {})
        assert not results.finished
        assert results.summary is None
    with RunFolder.open(path, CONFIG) as results:
        assert 0 in results.parts
        assert not results.finished


@pytest.mark.parametrize("damage", ["rows/000001.parquet", "arrays/000000.safetensors"])
def test_finished_run_that_lost_a_part_is_unfinished(path, damage):
    write_run(path)
    (path / damage).unlink()
    assert not RunFolder.read(path).finished


def test_damaged_summary_is_none(path):
    write_run(path)
    (path / "summary.json").write_text('{"pairs": ')
    assert RunFolder.read(path).summary is None


def test_skips_count_each_pair_once_in_order(path):
    with RunFolder.open(path, CONFIG) as results:
        rows = [
            {"pair": 5, "id": "b", "side": side, "skipped": "cut"} for side in ("image", "text")
        ]
        results.parts.write(1, rows, {})
        ok = {"pair": 1, "id": "a", "side": "image"}
        results.parts.write(0, [ok, {"pair": 2, "id": "a", "skipped": "empty caption"}], {})
        assert results.skips() == [Skip("a", "empty caption"), Skip("b", "cut")]


def test_overwrite_begins_anew_and_keeps_what_others_put_there(path):
    write_run(path)
    (path / "notes.txt").write_text("mine")
    with RunFolder.open(path, CONFIG, overwrite=True) as results:
        assert len(results.parts) == 0
        assert not results.finished
        assert not list((path / "pictures").iterdir())
    assert (path / "notes.txt").read_text() == "mine"


def test_overwrite_is_refused_while_helpers_of_a_dead_process_go_on(path):
    """It would be left out silently: nothing may be removed under them."""
    write_run(path)
    with membership(path):
        with pytest.raises(ResultsError) as error, RunFolder.open(path, CONFIG, overwrite=True):
            pytest.fail("opened")
        assert "other processes still work" in one_line(error)
        with RunFolder.open(path, CONFIG) as results:
            assert len(results.parts) == 2
    with RunFolder.open(path, CONFIG, overwrite=True) as results:
        assert len(results.parts) == 0


def test_overwrite_does_not_follow_links_out_of_the_folder(path, tmp_path):
    write_run(path)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "a").write_text("mine")
    (path / "wandb").symlink_to(precious)
    with RunFolder.open(path, CONFIG, overwrite=True):
        pass
    assert (precious / "a").exists()
    assert not (path / "wandb").exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_foreign_folder_is_refused_and_untouched(path, overwrite):
    path.mkdir(parents=True)
    (path / "rows").mkdir()
    (path / "rows" / "thesis.txt").write_text("mine")
    with (
        pytest.raises(ResultsError, match=r"holds other files \(rows …\).*choose another") as error,
        RunFolder.open(path, CONFIG, overwrite=overwrite),
    ):
        pass
    one_line(error)
    assert [str(p.relative_to(path)) for p in sorted(path.rglob("*"))] == [
        "rows",
        "rows/thesis.txt",
    ]


@pytest.mark.parametrize("above", [0, 1, 3])
def test_file_in_the_folders_place_is_one_line(path, above):
    place = [path, *path.parents][above]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("in the way")
    with pytest.raises(ResultsError, match="can't be written: ") as error, RunFolder.open(path, {}):
        pass
    assert "choose another output folder" in one_line(error)


def test_file_in_the_place_of_a_subfolder_is_one_line(path):
    write_run(path)
    (path / "pictures" / "0.png").unlink()
    (path / "pictures").rmdir()
    (path / "pictures").write_text("in the way")
    with pytest.raises(ResultsError, match="can't be written: ") as error, RunFolder.open(path, {}):
        pass
    one_line(error)


def test_second_process_says_who_is_at_work_and_changes_nothing(path):
    program = (
        "import sys; from pathlib import Path; from vlminterp.results import RunFolder\n"
        "try:\n    with RunFolder.open(Path(sys.argv[1]), {}, overwrite=True): pass\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    with RunFolder.open(path, CONFIG) as results:
        results.parts.write(0, [{"pair": 0}], {})
        run = [sys.executable, "-c", program, str(path)]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
        (line,) = done.stdout.splitlines()
        assert line.startswith("BusyError this run is in progress in another process")
        assert f"pid {os.getpid()}" in line
        results.parts.write(1, [{"pair": 1}], {})
        assert RunFolder.read(path).config == CONFIG
    with RunFolder.open(path, CONFIG) as results:
        assert list(results.parts) == [0, 1]


def test_lock_is_released_after_an_error(path):
    with pytest.raises(ZeroDivisionError), RunFolder.open(path, CONFIG):
        raise ZeroDivisionError
    with RunFolder.open(path, CONFIG):
        pass
    assert not (path / ".pid").exists()


def test_an_oserror_of_the_run_itself_is_not_called_a_writing_error(path):
    with pytest.raises(FileNotFoundError), RunFolder.open(path, CONFIG):
        raise FileNotFoundError("weights")


def test_reading_what_is_no_run_folder_is_one_line(tmp_path):
    for place in (tmp_path, tmp_path / "gone"):
        with pytest.raises(ResultsError, match="is no run folder") as error:
            RunFolder.read(place)
        one_line(error)


def test_picture_that_cannot_be_written_is_one_line(path):
    with RunFolder.open(path, CONFIG) as results:
        (path / "pictures" / "a.png").mkdir()
        with pytest.raises(ResultsError, match=r"a.png can't be written: Is a directory"):
            results.save_picture("a", Image.new("RGB", (2, 2)))
        (path / "summary.json").mkdir()
        with pytest.raises(ResultsError, match=r"summary\.json can't be written"):
            results.finish({})


def test_resuming_writes_the_config_of_now_and_a_finished_run_keeps_its_own(path):
    with RunFolder.open(path, {**CONFIG, "device": "cpu"}):
        pass
    with RunFolder.open(path, {**CONFIG, "device": "cuda"}) as results:
        results.finish({})
    with RunFolder.open(path, {**CONFIG, "device": "mps"}) as results:
        assert results.config["device"] == "cuda"
    assert json.loads((path / "versions.json").read_text())["python"]


WRITES_THE_SAME = """
import sys
from pathlib import Path
from vlminterp.results.parts import Parts
source, target = Parts(Path(sys.argv[1])), Parts(Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
target.adopt(source)
"""


def test_several_processes_copy_the_same_parts_at_once(tmp_path):
    for number in range(40):
        Parts(tmp_path / "from").write(number, [{"pair": number}], {})
    line = [sys.executable, "-c", WRITES_THE_SAME, str(tmp_path / "from"), str(tmp_path / "to")]
    started = [
        subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, said
    assert list(Parts(tmp_path / "to")) == list(range(40))
    assert not list((tmp_path / "to").rglob("*.tmp"))
