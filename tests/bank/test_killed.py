"""Kills a run for real, while it scores, and compares with an undisturbed one."""

import signal
from pathlib import Path

import pytest

from tests.warm import Warm

pytestmark = pytest.mark.slow


@pytest.fixture
def line(write_bank):
    """Many parts' worth of a bank that is read in seconds."""
    rows = [("", "", "a photo of {concept}.", "")]
    rows += [("", "number", f"a photo of {{concept}}. it is number {n}.", "") for n in range(150)]
    return [
        *("+plugin=bank", "model=planted-name", "data=planted", "data.images=1"),
        f"plugin.bank={write_bank(rows)}",
        *("plugin.batch_size=8", "tracking=disabled", "device=cpu", "console=quiet"),
    ]


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.glob("outputs/bank/**/*")
        if path.is_file() and not path.name.startswith(".")
    }


def parts(folder):
    return len(list(folder.glob("outputs/bank/*/*/rows/*.parquet")))


def test_a_killed_run_ends_byte_identical(line, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    code, _, err = Warm("vlminterp", line, whole).finish()
    assert code == 0, err
    assert parts(whole) > 4
    for wanted in (0, 3):
        process = Warm("vlminterp", line, killed)
        process.wait_for_files(killed, f"outputs/bank/*/*/rows/{wanted:06d}.parquet")
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert wanted < parts(killed) < parts(whole)
    before = {path: path.stat().st_mtime_ns for path in Path(killed).rglob("rows/**/*.parquet")}
    code, _, err = Warm("vlminterp", line, killed).finish()
    assert code == 0, err
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert contents(killed) == contents(whole)
