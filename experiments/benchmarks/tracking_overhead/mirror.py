"""Measures the CPU time of one offline mirror alone.

    python -m experiments.benchmarks.tracking_overhead.mirror RUN_FOLDER

The run folder's mirror is written anew. Time for imports that precede mirroring isn't counted.
"""

import resource
import sys
import time
from pathlib import Path

import pandas  # noqa: F401  what every run has imported by then
import pyarrow.dataset  # noqa: F401

from vlminterp.adapters.dual_encoder import DualEncoder  # noqa: F401
from vlminterp.results import RunFolder
from vlminterp.tracking import TrackingConfig, mirror


def seconds(of: int) -> float:
    """Returns CPU time of this process, or of those that it has waited for."""
    used = resource.getrusage(of)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints CPU time of this process and of W&B's, and wall-clock time."""
    own, began = seconds(resource.RUSAGE_SELF), time.perf_counter()
    mirror(RunFolder.read(Path(sys.argv[1])), TrackingConfig(), again=True)
    import wandb

    wandb.teardown()
    own = seconds(resource.RUSAGE_SELF) - own
    service, wall = seconds(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    print(f"own {own:.2f} s, W&B's process {service:.2f} s, by the clock {wall:.1f} s")


if __name__ == "__main__":
    main()
