"""Times the same run with W&B offline and without it.

Runs take turns, since other work may share the machine. The measure is CPU time of the run and of
all processes that it has started (W&B's own is one).
"""

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"
LINES = {
    "m2ib": ("+plugin=m2ib", "data.pairs=32"),
    "ex2": ("+plugin=ex2", "model=planted-habitat", "plugin.steps=20", "plugin.pool=1"),
}
MODES = ("disabled", "offline")
PR_SET_CHILD_SUBREAPER = 36

Seconds = Mapping[str, float]


def timed(line: Sequence[str], mode: str) -> Seconds:
    """Returns wall-clock and CPU seconds of one run in a folder of its own."""
    with TemporaryDirectory() as output:
        command = [sys.executable, "-m", "vlminterp", *line, f"tracking={mode}"]
        before, began = os.times(), time.perf_counter()
        process = subprocess.Popen(
            [*command, "device=cpu", "console=quiet", f"output={output}"],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
        )
        if process.wait() != 0:
            raise SystemExit(f"{' '.join(command)} failed")
        wall = time.perf_counter() - began
        _wait_for_orphans()
        after = os.times()
        mirrored = any(Path(output).glob("*/*/*/wandb/*run-*"))
        if mirrored != (mode == "offline"):
            raise SystemExit(f"tracking={mode} has left a mirror: {mirrored}")
    children = ("children_user", "children_system")
    return {"wall": wall, "cpu": sum(getattr(after, of) - getattr(before, of) for of in children)}


def _wait_for_orphans() -> None:
    """Waits for the processes that a run leaves behind, so that their time is counted."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def summary(measured: Mapping[str, Mapping[str, Sequence[Seconds]]]) -> str:
    """Returns the README's table."""
    lines = [
        "| run | CPU s, disabled | CPU s, offline | more | wall s, disabled | wall s, offline |",
        "|-|-|-|-|-|-|",
    ]
    for name, modes in measured.items():
        cpu, wall = (
            [statistics.median(run[of] for run in modes[mode]) for mode in MODES]
            for of in ("cpu", "wall")
        )
        share = cpu[1] / cpu[0] - 1
        lines.append(
            f"| {name} ({len(modes['offline'])} each) | {cpu[0]:.1f} | {cpu[1]:.1f} "
            f"| {share:+.1%} | {wall[0]:.0f} | {wall[1]:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures, adds to earlier measurements, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", nargs="*", choices=LINES, default=list(LINES))
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--to", type=Path, default=MEASURED)
    chosen = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    measured: dict[str, Any] = json.loads(chosen.to.read_text()) if chosen.to.exists() else {}
    for repetition in range(chosen.repetitions):
        for name in chosen.runs:
            for mode in MODES if repetition % 2 == 0 else reversed(MODES):
                own = measured.setdefault(name, {of: [] for of in MODES})
                own[mode].append(timed(LINES[name], mode))
                chosen.to.write_text(json.dumps(measured, indent=1) + "\n")
    print(summary(measured))


if __name__ == "__main__":
    main()
