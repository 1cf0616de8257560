"""Runs the product's own lines, and finds the folders that they leave."""

import json
import os
import subprocess
import sys
from pathlib import Path

OUTPUTS = Path(__file__).parent / "work" / "outputs"


def run(*overrides: str) -> Path:
    """Runs one line; a finished run is not computed again.

    Args:
        overrides: Its overrides, with `-m` first for a sweep.

    Returns:
        The folder of the run; of the sweep that made it, if it was one.
    """
    line = [*overrides, f"output={OUTPUTS}", "tracking=disabled", "console=quiet"]
    told = subprocess.run(
        [sys.executable, "-m", "vlminterp", *line],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ).stdout
    folders = [Path(one) for one in told.splitlines()]
    return _sweep_of(folders) if "-m" in overrides else folders[0]


def _sweep_of(folders: list[Path]) -> Path:
    """Returns the folder of the sweep that lists just these runs."""
    for listing in OUTPUTS.glob("sweeps/*/sweep.json"):
        runs = json.loads(listing.read_text("utf-8"))["runs"]
        if len(runs) == len(folders):
            return listing.parent
    raise FileNotFoundError(f"no sweep of {len(folders)} runs in {OUTPUTS}")
