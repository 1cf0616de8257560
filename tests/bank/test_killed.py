"""Kills a run for real, while it scores, and compares with an undisturbed one."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def line(write_bank):
    """Many parts' worth of a bank that is read in seconds."""
    rows = [("", "", "a photo of {concept}.", "")]
    rows += [("", "number", f"a photo of {{concept}}. it is number {n}.", "") for n in range(150)]
    return [
        *(sys.executable, "-m", "vlminterp", "+plugin=bank", "model=planted-name"),
        *("data=planted", "data.images=1", f"plugin.bank={write_bank(rows)}"),
        *("plugin.batch_size=8", "tracking=disabled", "device=cpu", "console=quiet"),
    ]


def start(line, folder):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


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
    with start(line, whole) as process:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert parts(whole) > 4
    kills = 0
    for wanted in (0, 3):
        with start(line, killed) as process:
            known = f"{wanted:06d}.parquet"
            while process.poll() is None and not list(
                killed.glob(f"outputs/bank/*/*/rows/{known}")
            ):
                time.sleep(0.01)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
    assert kills == 2
    assert wanted < parts(killed) < parts(whole)
    before = {path: path.stat().st_mtime_ns for path in Path(killed).rglob("rows/**/*.parquet")}
    with start(line, killed) as process:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert contents(killed) == contents(whole)
