"""Tables beside the main one: each stage of a run writes its own, and resumes by itself."""

import numpy as np
import pytest

from vlminterp.errors import ResultsError
from vlminterp.results import RunFolder
from vlminterp.results.tables import Skip

CONFIG = {"names": {"plugin": "ex2", "model": "m", "data": "d"}}
SCORES = np.arange(6, dtype=np.float32).reshape(2, 3)


def write_stages(path, parts=2):
    with RunFolder.open(path, CONFIG) as results:
        for number in range(parts):
            results.parts.write(number, [{"pair": number}], {})
            results.table("align").write(number, [{"step": number, "reward": 0.5}], {})
            results.table("describe").write(number, [{"text": f"{number}"}], {"scores": SCORES})
        (results.work("align") / "checkpoint").write_text("weights")
        results.finish({"kind": "ex2"})
    return path


def test_tables_are_apart_from_the_main_one_and_from_each_other(tmp_path):
    found = RunFolder.read(write_stages(tmp_path / "run"))
    assert found.parts.rows().columns.tolist() == ["pair"]
    assert found.table("align").rows()["step"].tolist() == [0, 1]
    assert found.table("describe").rows()["text"].tolist() == ["0", "1"]
    np.testing.assert_array_equal(found.table("describe").arrays(1)["scores"], SCORES)
    assert list(found.tables()) == ["align", "describe"]
    assert (tmp_path / "run/rows/align/000001.parquet").is_file()
    assert (tmp_path / "run/rows/000001.parquet").is_file()


def test_asking_for_a_table_makes_nothing(tmp_path):
    path = write_stages(tmp_path / "run")
    before = sorted(path.rglob("*"))
    found = RunFolder.read(path)
    assert len(found.table("inspect").rows()) == 0
    assert "inspect" not in found.tables()
    assert sorted(path.rglob("*")) == before


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Align", "000000.parquet", "-a", "ä"])
def test_names_that_are_no_folders_everywhere_are_refused(tmp_path, name):
    with RunFolder.open(tmp_path / "run", CONFIG) as results:
        with pytest.raises(ValueError, match="is no name for a table"):
            results.table(name)
        with pytest.raises(ValueError, match="is no name for a table"):
            results.work(name)


@pytest.mark.parametrize(
    "lost", ["rows/align/000001.parquet", "arrays/describe/000000.safetensors", "rows/describe"]
)
def test_a_run_whose_table_lost_a_part_is_unfinished_until_it_is_made_again(tmp_path, lost):
    path = write_stages(tmp_path / "run")
    assert RunFolder.read(path).finished
    summary = (path / "summary.json").read_bytes()
    for file in [path / lost, *(path / lost).glob("*")]:
        if file.is_file():
            file.unlink()
    assert not RunFolder.read(path).finished
    write_stages(path)
    assert RunFolder.read(path).finished
    assert (path / "summary.json").read_bytes() == summary


def test_a_table_that_someone_adds_later_makes_the_run_unfinished(tmp_path):
    path = write_stages(tmp_path / "run")
    with RunFolder.open(path, CONFIG) as results:
        results.table("inspect").write(0, [{"text": "a"}], {})
        assert not results.finished


def test_skips_of_every_table_are_told_once(tmp_path):
    with RunFolder.open(tmp_path / "run", CONFIG) as results:
        results.table("describe").write(0, [{"id": "owl", "skipped": "empty text"}], {})
        results.table("inspect").write(0, [{"id": "owl", "skipped": "empty text"}], {})
        results.table("inspect").write(1, [{"id": "fox", "skipped": "no answer"}], {})
        results.parts.write(0, [{"id": "a", "pair": 3, "skipped": "broken"}], {})
        assert results.skips() == [
            Skip("a", "broken"),
            Skip("owl", "empty text"),
            Skip("fox", "no answer"),
        ]


def test_overwrite_forgets_tables_and_work(tmp_path):
    path = write_stages(tmp_path / "run")
    with RunFolder.open(path, CONFIG, overwrite=True) as results:
        assert results.tables() == {}
        assert 0 not in results.table("align")
        assert not (path / "work").exists()


def test_work_is_kept_but_no_part_of_the_results(tmp_path):
    path = write_stages(tmp_path / "run")
    with RunFolder.open(path, CONFIG) as results:
        assert (results.work("align") / "checkpoint").read_text() == "weights"
        (results.work("align") / "checkpoint").unlink()
        assert results.finished


def test_what_a_killed_process_left_of_a_table_is_removed(tmp_path):
    path = write_stages(tmp_path / "run")
    leftovers = [
        path / "rows/align/.000002.parquet.part.tmp",
        path / "arrays/align/.000002.safetensors.part.tmp",
    ]
    for leftover in leftovers:
        leftover.write_bytes(b"half")
    with RunFolder.open(path, CONFIG) as results:
        assert list(results.table("align")) == [0, 1]
        assert not any(leftover.exists() for leftover in leftovers)


def test_a_file_in_the_place_of_a_table_or_of_work_is_one_line(tmp_path):
    with RunFolder.open(tmp_path / "run", CONFIG) as results:
        (results.path / "rows/align").write_text("in the way")
        with pytest.raises(ResultsError, match=r"can't be written: .*parts safe on disk: 0"):
            results.table("align").write(0, [{"step": 0}], {})
        (results.path / "work").write_text("in the way")
        with pytest.raises(ResultsError, match=r"work/align can't be written: "):
            results.work("align")
