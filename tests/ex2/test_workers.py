"""Several processes describe and inspect for one run, and it is as if one had; whoever dies."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from vlminterp.cli.main import run
from vlminterp.results.run_folder import RunFolder

pytestmark = pytest.mark.slow
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
RESULTS = (".parquet", ".safetensors")
TABLES = ("describe", "pool", "inspect")


@pytest.fixture(scope="module")
def line(tiny_line):
    """A line that trains for a moment, and describes in 20 batches."""
    own = ("data.images=1", "plugin.steps=1", "plugin.pool=3", "plugin.samples=2")
    return [*tiny_line, *own, "plugin.policy.micro_batch=1", "plugin.zero_shot=false"]


@pytest.fixture(scope="module")
def alone(line, tmp_path_factory):
    """What one process makes."""
    output = tmp_path_factory.mktemp("alone")
    subprocess.run(command(line, output), env=ENVIRONMENT, check=True)
    return output


def command(line, output, *overrides):
    return [sys.executable, "-m", "vlminterp", *line, f"output={output}", *overrides]


def contents(output):
    files = (path for path in output.rglob("*") if path.suffix in RESULTS)
    return {str(path.relative_to(output)): path.read_bytes() for path in files}


def parts(output, table):
    return len(list(output.glob(f"ex2/stages/{table}/*/rows/{table}/*.parquet")))


def wait_until(condition, process):
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, "it ended first"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def summary(output):
    (folder,) = output.glob("ex2/planted-habitat/*")
    return RunFolder.read(folder).summary


def test_workers_describe_and_inspect_while_the_first_process_stands_still(line, alone, tmp_path):
    assert run([*line, f"output={tmp_path}", "plugin.stage=align"]) == 0
    leader = subprocess.Popen(command(line, tmp_path, "workers=2"), env=ENVIRONMENT)
    wait_until(lambda: parts(tmp_path, "describe"), leader)
    leader.send_signal(signal.SIGSTOP)
    whole = {table: parts(alone, table) for table in TABLES}
    # The last part may be the first process's own.
    wait_until(lambda: parts(tmp_path, "describe") >= whole["describe"] - 1, leader)
    leader.send_signal(signal.SIGCONT)
    assert leader.wait(300) == 0
    assert contents(tmp_path) == contents(alone)
    assert summary(tmp_path) == summary(alone)


def test_killed_workers_and_first_processes_leave_the_same_run(line, alone, tmp_path):
    assert run([*line, f"output={tmp_path}", "plugin.stage=align"]) == 0
    whole = parts(alone, "describe")
    leader = subprocess.Popen(command(line, tmp_path, "workers=3"), env=ENVIRONMENT)
    wait_until(lambda: parts(tmp_path, "describe") > whole // 4, leader)
    workers = [
        child
        for child in psutil.Process(leader.pid).children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]
    workers[0].send_signal(signal.SIGKILL)
    wait_until(lambda: parts(tmp_path, "describe") > whole // 2, leader)
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    assert run([*line, f"output={tmp_path}"]) == 0
    assert contents(tmp_path) == contents(alone)
    assert summary(tmp_path) == summary(alone)
