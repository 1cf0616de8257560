import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.errors import ResultsError
from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder

ROWS = [{"pair": 0, "id": "a", "words": ["a", "cat"], "word_scores": [0.1, 2.0], "skipped": None}]
ARRAYS = {"0.image.map": np.arange(6, dtype=np.float32).reshape(2, 3)}
VALUE = (
    st.none() | st.booleans(),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.lists(st.text(st.characters(exclude_categories=["Cs"]))),
    st.none() | st.lists(st.floats(allow_nan=False, width=32)),
)
ROW = st.fixed_dictionaries(
    {}, optional={f"column {kind}": value for kind, value in enumerate(VALUE)}
)


@pytest.fixture
def parts(tmp_path):
    found = Parts(tmp_path)
    found.prepare()
    return found


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(ROW, min_size=1, max_size=4), max_size=4))
def test_rows_come_back_as_they_were(batches, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    parts = Parts(folder)
    parts.prepare()
    for number, rows in enumerate(batches):
        parts.write(number, rows, {})
    read = [table.to_pylist() for table in Parts(folder).tables()]
    assert len(read) == len(batches)
    for expected, found in zip(batches, read, strict=True):
        names = {name for row in expected for name in row}
        if names:
            assert found == [{name: row.get(name) for name in names} for row in expected]
    assert len(Parts(folder).rows()) == sum(len(rows) for rows in batches if any(rows))


def test_columns_of_different_parts_are_united(parts):
    parts.write(0, [{"pair": 0, "words": [], "drop": 1, "skipped": None}], {})
    parts.write(1, [{"pair": 1, "words": ["a"], "drop": 0.5, "hit": True}], {})
    parts.write(2, [{"pair": 2, "skipped": "picture can't be read"}], {})
    rows = parts.rows()
    assert list(rows.columns) == ["pair", "words", "drop", "skipped", "hit"]
    assert rows["pair"].tolist() == [0, 1, 2]
    assert rows["drop"].tolist()[:2] == [1.0, 0.5]
    assert rows["skipped"].notna().tolist() == [False, False, True]


def test_parts_are_in_order_of_number_however_they_were_written(parts):
    for number in (11, 2, 0):
        parts.write(number, [{"pair": number}], {})
    assert list(parts) == [0, 2, 11]
    assert parts.rows()["pair"].tolist() == [0, 2, 11]
    assert 1 not in parts
    assert "0" not in parts


def test_no_parts_are_no_rows(parts):
    assert len(parts.rows()) == len(parts) == 0


def test_arrays_come_back_with_shape_type_and_layout(parts):
    arrays = {
        "0.image.map": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "every second": np.arange(10, dtype=np.int64)[::2],
        "scalar": np.float32(3.0).reshape(()),
        "empty": np.zeros((0, 4), np.float32),
    }
    parts.write(0, ROWS, arrays)
    read = parts.arrays(0)
    assert set(read) == set(arrays)
    for name, values in arrays.items():
        assert read[name].dtype == values.dtype
        np.testing.assert_array_equal(read[name], values)


def test_numpy_values_tuples_and_nan_are_plain_in_rows(parts):
    row = {"hit": np.bool_(True), "n": np.int32(3), "x": np.float32(0.5), "box": (1.0, 2.0)}
    parts.write(
        0, [{**row, "lost": math.nan, "name": b"\xff".decode("utf-8", "surrogateescape")}], {}
    )
    (read,) = next(parts.tables()).to_pylist()
    assert {name: read[name] for name in row} == {"hit": True, "n": 3, "x": 0.5, "box": [1.0, 2.0]}
    assert math.isnan(read["lost"])
    assert read["name"] == "\\udcff"


def test_equal_content_gives_equal_bytes_in_another_process(parts, tmp_path):
    parts.write(0, ROWS, {**ARRAYS, "b": ARRAYS["0.image.map"]})
    other = tmp_path / "other"
    other.mkdir()
    program = (
        "import numpy as np; from pathlib import Path; from vlminterp.results.parts import Parts\n"
        f"parts = Parts(Path({str(other)!r})); parts.prepare()\n"
        "a = np.arange(6, dtype=np.float32).reshape(2, 3)\n"
        f"parts.write(0, {ROWS!r}, {{'b': a, '0.image.map': a}})"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    written = files(other)
    assert set(written) == {"rows/000000.parquet", "arrays/000000.safetensors"}
    assert written == {name: (tmp_path / name).read_bytes() for name in written}


@pytest.mark.parametrize("file", ["rows/000001.parquet", "arrays/000001.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "zeros", "one bit", "missing"])
def test_damaged_part_is_absent_and_can_be_made_again(parts, tmp_path, file, damage):
    for number in range(3):
        parts.write(number, [{**ROWS[0], "pair": number}], ARRAYS)
    whole = (tmp_path / file).read_bytes()
    middle = len(whole) // 2
    damaged = {
        "truncated": whole[:middle],
        "empty": b"",
        "zeros": bytes(len(whole)),
        "one bit": whole[:20] + bytes([whole[20] ^ 1]) + whole[21:],
    }
    if damage == "missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(damaged[damage])
    found = Parts(tmp_path)
    assert [number in found for number in range(3)] == [True, False, True]
    assert found.rows()["pair"].tolist() == [0, 2]
    with pytest.raises(KeyError):
        found.arrays(1)
    found.write(1, [{**ROWS[0], "pair": 1}], ARRAYS)
    assert Parts(tmp_path).rows()["pair"].tolist() == [0, 1, 2]
    assert (tmp_path / file).read_bytes() == whole


def test_arrays_of_another_write_do_not_pass_for_a_rows_own(parts, tmp_path):
    parts.write(0, ROWS, ARRAYS)
    old = (tmp_path / "arrays/000000.safetensors").read_bytes()
    parts.write(0, ROWS, {"0.image.map": ARRAYS["0.image.map"] + 1})
    (tmp_path / "arrays/000000.safetensors").write_bytes(old)
    assert 0 not in Parts(tmp_path)


def test_half_written_files_are_ignored_and_removed(parts, tmp_path):
    parts.write(0, ROWS, ARRAYS)
    leftover = tmp_path / "rows" / ".000001.parquet.part.tmp"
    leftover.write_bytes(b"PAR1 half")
    assert list(Parts(tmp_path)) == [0]
    Parts(tmp_path).prepare()
    assert not leftover.exists()


def test_rows_are_written_after_their_arrays(parts, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "vlminterp.results.parts.write_whole", lambda path, _: seen.append(path.parent.name)
    )
    parts.write(0, ROWS, ARRAYS)
    assert seen == ["arrays", "rows"]


def test_each_thousand_parts_have_a_folder(parts, tmp_path):
    for number in (0, 999, 1000, 2345):
        parts.write(number, ROWS, ARRAYS)
    found = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert found == {
        f"{kind}/{below}.{suffix}"
        for kind, suffix in (("rows", "parquet"), ("arrays", "safetensors"))
        for below in ("000000", "000999", "+001/001000", "+002/002345")
    }
    assert list(Parts(tmp_path)) == [0, 999, 1000, 2345]
    leftover = tmp_path / "arrays/+001/.001001.safetensors.part.tmp"
    leftover.write_bytes(b"half")
    Parts(tmp_path).prepare()
    assert not leftover.exists()
    (tmp_path / "rows/+002/002345.parquet").unlink()
    assert Parts(tmp_path).damaged() == [Path("rows/+002/002345.parquet")]
    assert RunFolder(tmp_path).tables() == {}


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from vlminterp.results import RunFolder
from vlminterp.errors import ResultsError
with RunFolder.open(Path(sys.argv[1]), {}) as results:
    for number in range(4):
        if number == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
        try:
            results.parts.write(number, [{"pair": number}], {"map": np.zeros(4096, np.float32)})
        except ResultsError as error:
            print(error)
            break
"""


def test_full_disk_is_one_line_that_says_what_is_safe(tmp_path):
    run = [sys.executable, "-c", FULL, str(tmp_path / "run")]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    (line,) = done.stdout.splitlines()
    assert (
        "arrays/000002.safetensors can't be written: the disk is full; parts safe on disk: 2"
        in line
    )
    assert "the same line" in line
    assert list(Parts(tmp_path / "run")) == [0, 1]
    assert not list((tmp_path / "run").rglob(".*.tmp"))


def test_any_other_failure_to_write_says_what_it_is(parts, tmp_path):
    parts.write(0, ROWS, ARRAYS)
    (tmp_path / "rows" / "000001.parquet").mkdir()
    with pytest.raises(
        ResultsError,
        match=r"000001.parquet can't be written: Is a directory; parts safe on disk: 1",
    ):
        parts.write(1, ROWS, ARRAYS)
