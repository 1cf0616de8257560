"""Several processes, one run: equal to that of one process, whoever dies."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from vlminterp.cli.main import run
from vlminterp.results.merge import main as merge
from vlminterp.results.run_folder import RunFolder

pytestmark = pytest.mark.slow
LINE = (
    *("+plugin=attribution", "plugin.methods=[gae]", "plugin.batch_size=1", "data=planted"),
    *("data.pairs=24", "tracking=disabled", "device=cpu", "console=quiet"),
)
RESULTS = (".parquet", ".safetensors", ".png", ".jpg", ".webp")
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def start(output, *overrides):
    line = [sys.executable, "-m", "vlminterp", *LINE, f"output={output}", *overrides]
    return subprocess.Popen(line, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def finish(process):
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def folder(output):
    (found,) = (output / "attribution" / "planted-base").iterdir()
    return found


def parts(output):
    """How many parts there are."""
    return len(list(output.glob("attribution/*/*/rows/**/*.parquet")))


def contents(output):
    """Every result by its path in the run folder."""
    root = folder(output)
    files = [file for file in root.rglob("*") if file.suffix in RESULTS]
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What one process makes."""
    output = tmp_path_factory.mktemp("alone")
    assert run([*LINE, f"output={output}"]) == 0
    return output


def test_a_worker_goes_on_while_the_first_process_stands_still(alone, tmp_path):
    leader = start(tmp_path, "workers=2")
    while not (made := parts(tmp_path)):
        time.sleep(0.02)
    leader.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 200
    while parts(tmp_path) < 22 and time.monotonic() < deadline:
        time.sleep(0.2)
    grown = parts(tmp_path) - made
    leader.send_signal(signal.SIGCONT)
    code, said = finish(leader)
    assert code == 0, said
    assert grown > 1
    assert contents(tmp_path) == contents(alone)
    assert RunFolder.read(folder(tmp_path)).summary == RunFolder.read(folder(alone)).summary


def test_a_run_with_workers_leaves_the_threads_as_they_were(alone, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert run([*LINE, f"output={tmp_path}", "workers=2", "data.pairs=1"]) == 0
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


def test_workers_on_ray_make_the_same_run(alone, tmp_path):
    code, said = finish(start(tmp_path, "workers=3", "engine=ray"))
    assert code == 0, said
    assert contents(tmp_path) == contents(alone)


def test_the_same_line_twice_helps_and_whoever_dies_the_run_is_the_same(alone, tmp_path):
    rng, killed = random.Random(0), 0
    processes = [start(tmp_path) for _ in range(2)]
    while killed < 3:
        time.sleep(rng.uniform(0.5, 2))
        if parts(tmp_path) > 6 * killed:
            victim = rng.randrange(len(processes))
            processes[victim].send_signal(signal.SIGKILL)
            finish(processes[victim])
            processes[victim] = start(tmp_path)
            killed += 1
    ended = [finish(process) for process in processes]
    assert [code for code, _ in ended] == [0, 0], ended
    assert contents(tmp_path) == contents(alone)
    assert RunFolder.read(folder(tmp_path)).finished
    assert not RunFolder.read(folder(tmp_path)).damaged()


def test_shards_of_machines_without_a_common_folder_are_merged(alone, tmp_path, capsys):
    for place in (1, 2):
        assert run([*LINE, f"output={tmp_path / str(place)}", f"shard={place}/2"]) == 0
        assert "`vlminterp merge` puts shards together" in capsys.readouterr().err
        assert not RunFolder.read(folder(tmp_path / str(place))).finished
    damaged = folder(tmp_path / "1") / "arrays" / "000004.safetensors"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-1])
    assert run([*LINE, f"output={tmp_path / '1'}", "shard=1/2"]) == 0
    assert damaged.read_bytes() == whole
    capsys.readouterr()
    first, second = (folder(tmp_path / place) for place in ("1", "2"))
    assert merge([str(first), str(second)]) == 0
    assert "24 parts; run the same line" in capsys.readouterr().out
    assert run([*LINE, f"output={tmp_path / '1'}"]) == 0
    assert contents(tmp_path / "1") == contents(alone)


def test_runs_that_are_not_one_are_not_merged(alone, tmp_path, capsys):
    assert run([*LINE, f"output={tmp_path}", "seed=1", "shard=1/2"]) == 0
    assert merge([str(folder(alone)), str(folder(tmp_path))]) == 1
    assert "is another run than" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("+plugin=ex2", "shard=1/2"), "shard=1/2: a run of ex2 needs all of its data"),
        (("+plugin=bank", "shard=1/2"), "shard=1/2: a run of bank needs all of its data"),
        (("+plugin=m2ib", "workers=0"), "workers=0 must be at least 1"),
        (("+plugin=m2ib", "shard=3/2"), "shard=3/2 must be one of 1/N"),
    ],
)
def test_what_can_not_be_shared_is_one_line(overrides, message, tmp_path, capsys):
    assert run([*overrides, f"output={tmp_path}", "tracking=disabled"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
