"""Kills a sweep of tiny jobs again and again, and compares it with an undisturbed one.

python -m experiments.benchmarks.sweep_kill.measure [--launchers joblib ray] [--jobs 100]
        [--kills 8]
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]  # its stubs are a package apart

from vlminterp.results.sweep import RunState, Sweep

HERE = Path(__file__).parent
LAUNCHERS = {
    "basic": [],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"],
    "ray": ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"],
}
JOB = (
    "+plugin=m2ib model=planted-base data.pairs=2 plugin.batch_size=1 plugin.sides=image "
    "plugin.image.steps=1 tracking=disabled console=quiet device=cpu"
)
RESULTS = (".parquet", ".safetensors", ".png", ".jpg")
PATIENCE = 20.0
"""Seconds in which processes must notice that their launcher is gone."""


@dataclass
class Outcome:
    """The outcome of a disturbed sweep."""

    launcher: str
    jobs: int
    starts: int
    killed_launchers: int
    killed_workers: int
    orphans: int
    seconds: float
    finished: int
    files: int
    files_that_differ: int


def main() -> None:
    """Measures, and writes `measured.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launchers", nargs="+", default=["joblib", "ray"], choices=LAUNCHERS)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    work = HERE / "work"
    whole = _contents(_undisturbed(work / f"whole-{given.jobs}", given.jobs))
    measured = []
    for launcher in given.launchers:
        shutil.rmtree(work / launcher, ignore_errors=True)
        outcome = _disturbed(launcher, given, work / launcher)
        found = _contents(work / launcher)
        outcome.files = len(whole)
        outcome.files_that_differ = sum(
            whole.get(name) != found.get(name) for name in whole | found
        )
        print(json.dumps(asdict(outcome)))
        measured.append(asdict(outcome))
    (HERE / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")


def _undisturbed(output: Path, jobs: int) -> Path:
    """Runs the same sweep undisturbed in one process; its results are kept for the next time."""
    subprocess.run(_line("basic", jobs, output), check=True, env=_environment())
    return output


def _disturbed(launcher: str, given: argparse.Namespace, output: Path) -> Outcome:
    """Starts the same command until it succeeds, and kills a process now and then."""
    chance = random.Random(f"{given.seed} {launcher}")
    outcome = Outcome(launcher, given.jobs, 0, 0, 0, 0, 0.0, 0, 0, 0)
    began = time.monotonic()
    while outcome.starts < 10 * given.kills:
        outcome.starts += 1
        line = _line(launcher, given.jobs, output)
        with subprocess.Popen(line, env=_environment(), stdout=subprocess.DEVNULL) as process:
            code = _kill_now_and_then(process, chance, outcome, given.kills, output)
        if code == 0:
            break
    outcome.seconds = round(time.monotonic() - began, 1)
    (folder,) = output.glob("sweeps/*")
    outcome.finished = sum(run.state is RunState.finished for run in Sweep(folder).runs())
    return outcome


def _kill_now_and_then(
    process: "subprocess.Popen[bytes]",
    chance: random.Random,
    outcome: Outcome,
    kills: int,
    output: Path,
) -> int:
    """Waits until a sweep ends by itself or is killed by us; returns its exit code."""
    while outcome.killed_launchers + outcome.killed_workers < kills:
        before = len(_contents(output))
        while process.poll() is None and len(_contents(output)) == before:
            time.sleep(0.2)  # a kill during the start would disturb nothing
        try:
            return process.wait(timeout=chance.uniform(0, 8))
        except subprocess.TimeoutExpired:
            own = psutil.Process(process.pid)
        started = own.children(recursive=True)
        workers = [one for one in started if _is_worker(one)]
        if workers and chance.random() < 0.5:
            chance.choice(workers).send_signal(signal.SIGKILL)
            outcome.killed_workers += 1
            continue
        own.send_signal(signal.SIGKILL)
        outcome.killed_launchers += 1
        code = process.wait()
        _, alive = psutil.wait_procs(started, timeout=PATIENCE)
        outcome.orphans += len(alive)
        for orphan in alive:
            orphan.kill()
        return code
    return process.wait()


def _is_worker(process: psutil.Process) -> bool:
    """Tells whether a process computes runs."""
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "popen_loky" in line or line.startswith("ray::")


def _line(launcher: str, jobs: int, output: Path) -> list[str]:
    job = [*JOB.split(), f"seed=range({jobs})", f"output={output}"]
    return [sys.executable, "-m", "vlminterp", "-m", *job, *LAUNCHERS[launcher]]


def _environment() -> dict[str, str]:
    # One thread everywhere, since sums in another order round differently.
    return {**os.environ, "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}


def _contents(output: Path) -> dict[str, bytes]:
    """Returns the content of every run's rows, arrays and pictures, by path."""
    files = (path for path in output.glob("m2ib/*/*/*/*") if path.suffix in RESULTS)
    return {str(path.relative_to(output)): path.read_bytes() for path in files}


if __name__ == "__main__":
    main()
