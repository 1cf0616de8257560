"""Kills the four processes of a run again and again, and compares it with an undisturbed one.

python -m experiments.benchmarks.worker_kill.measure [--rounds 20] [--kills 3] [--save]
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]  # its stubs are a package apart

from experiments.benchmarks.results import OUTPUTS, keep, machine

HERE = Path(__file__).parent
WORKERS = 4
SHARED = "tracking=disabled device=cpu console=quiet data=planted"
LINES = {
    "attribution": "+plugin=attribution model=planted-base plugin.methods=[gae] data.pairs=60 "
    "plugin.batch_size=1",
    "bank": "+plugin=bank model=planted-habitat",
    "ex2": "+plugin=ex2 model=planted-habitat plugin.steps=2 plugin.samples=2 "
    "plugin.policy.micro_batch=8",
    "audit": "+plugin=audit model=planted-shortcut plugin.pictures=4",
}
STAGES = {
    "attribution": {"explaining": "rows"},
    "bank": {"embedding": "rows/concepts", "scoring": "rows"},
    "ex2": {"describing": "rows/describe", "inspecting": "rows/inspect"},
    "audit": {"embedding": "rows/pool", "auditing": "rows"},
}
"""The stages of each run that are shared out, in order, with the folder of their parts."""
RESULTS = (".parquet", ".safetensors", ".png", ".jpg")


@dataclass
class Outcome:
    """The outcome of the rounds of one line.

    Attributes:
        rounds: Number of runs that were disturbed.
        killed: SIGKILLs by the stage that the run was in.
        leaders: Number of kills that hit the process that was started first.
        finished: Runs that ended with exit code 0.
        files: Files of rows, arrays and pictures of all rounds.
        differ: Those that differ from the undisturbed run's, or are missing.
    """

    rounds: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    leaders: int = 0
    finished: int = 0
    files: int = 0
    differ: int = 0


def main() -> None:
    """Disturbs runs, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="of all lines together")
    parser.add_argument("--kills", type=int, default=3, help="at most, in each round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="write into the README")
    given = parser.parse_args()
    work = OUTPUTS / "worker_kill"
    shutil.rmtree(work, ignore_errors=True)
    chance, outcomes = random.Random(given.seed), {name: Outcome() for name in LINES}
    for name in LINES:
        subprocess.run(_line(name, work / "whole"), check=True, env=_environment())
    for number in range(given.rounds):
        name = list(LINES)[number % len(LINES)]
        output = work / f"round-{number}"
        if name == "ex2":  # training is one process's: its stage is taken over
            trained = Path("ex2/stages/align")
            shutil.copytree(work / "whole" / trained, output / trained)
        stages = list(STAGES[name])
        stage = stages[number // len(LINES) % len(stages)]
        _disturb(name, stage, output, chance, outcomes[name], given.kills)
        _compare(outcomes[name], _contents(name, work / "whole"), _contents(name, output))
        print(number, name, outcomes[name], flush=True)
        shutil.rmtree(output)
    numbers = {name: {**vars(one), "killed": dict(one.killed)} for name, one in outcomes.items()}
    keep(
        HERE, {"lines": numbers, "workers": WORKERS, **machine()}, _table(outcomes), save=given.save
    )


def _disturb(
    name: str, stage: str, output: Path, chance: random.Random, outcome: Outcome, kills: int
) -> None:
    """Starts a run until it ends well; kills one of its processes now and then, in one stage."""
    outcome.rounds += 1
    left = kills
    while True:
        process = subprocess.Popen(_line(name, output, WORKERS), env=_environment())
        left = _kill(process, name, stage, output, chance, outcome, left)
        code = process.wait()
        if code != -signal.SIGKILL:
            outcome.finished += code == 0
            return


def _kill(
    leader: "subprocess.Popen[bytes]",
    name: str,
    stage: str,
    output: Path,
    chance: random.Random,
    outcome: Outcome,
    kills: int,
) -> int:
    """Kills processes of one run inside a stage, until the leader ends or no kill is left."""
    while kills:
        before = _made(name, output)[stage]
        wait = chance.uniform(0, 1.5)
        while leader.poll() is None and _made(name, output)[stage] == before:
            time.sleep(0.02)  # a kill while processes start would disturb no stage
        deadline = time.monotonic() + wait
        while leader.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if leader.poll() is not None:
            return kills
        own = psutil.Process(leader.pid)
        victim = chance.choice([own, *_workers(own)])
        outcome.killed[stage] += 1
        outcome.leaders += victim == own
        victim.send_signal(signal.SIGKILL)
        kills -= 1
    return kills


def _workers(leader: psutil.Process) -> list[psutil.Process]:
    """Returns the processes that a run has started to help it."""
    found = []
    for process in leader.children(recursive=True):
        try:
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _made(name: str, output: Path) -> dict[str, int]:
    """Returns how many parts there are of each shared stage."""
    return {stage: len(_parts(output, folder)) for stage, folder in STAGES[name].items()}


def _parts(output: Path, folder: str) -> list[Path]:
    """Returns a table's parts, in the run's folder or in a stage's."""
    return [
        *output.glob(f"*/*/*/{folder}/*.parquet"),
        *output.glob(f"*/stages/*/*/{folder}/*.parquet"),
    ]


def _line(name: str, output: Path, workers: int = 1) -> list[str]:
    options = [*LINES[name].split(), *SHARED.split(), f"output={output}", f"workers={workers}"]
    return [sys.executable, "-m", "vlminterp", *options]


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def _contents(name: str, output: Path) -> dict[str, bytes]:
    """Returns rows, arrays and pictures of a line's run and stages, by path."""
    files = (path for path in (output / name).rglob("*") if path.suffix in RESULTS)
    return {str(path.relative_to(output)): path.read_bytes() for path in files}


def _compare(outcome: Outcome, whole: dict[str, bytes], found: dict[str, bytes]) -> None:
    names = whole.keys() | found.keys()
    outcome.files += len(names)
    outcome.differ += sum(whole.get(name) != found.get(name) for name in names)


def _table(outcomes: dict[str, Outcome]) -> Sequence[str]:
    head = (
        "run | rounds | SIGKILLs, by stage | of the first process | ended well | files that differ"
    )
    return [
        f"| {head} |",
        "|" + "-|" * 6,
        *(
            f"| {name} | {one.rounds} | "
            f"{', '.join(f'{stage} {count}' for stage, count in one.killed.items())} "
            f"| {one.leaders} | {one.finished} | {one.differ} of {one.files} |"
            for name, one in outcomes.items()
        ),
    ]


if __name__ == "__main__":
    main()
