"""Runs the product's own lines, and finds the folders that they leave."""

import json
import os
import subprocess
import sys
from pathlib import Path

OUTPUTS = Path(__file__).parent / "work" / "outputs"


def run(*overrides: str) -> Path:
    """Runs one line; a finished run is not computed again, but its page is made anew.

    Args:
        overrides: Its overrides, with `-m` first for a sweep.

    Returns:
        The folder of the run; of the sweep that made it, if it was one.
    """
    line = [*overrides, f"output={OUTPUTS}", "tracking=disabled", "console=quiet"]
    folders = [Path(one).resolve() for one in _told("vlminterp", *line).splitlines()]
    folder = _sweep_of(folders) if "-m" in overrides else folders[0]
    _told("vlminterp.report", str(folder))
    return folder


def _told(module: str, *arguments: str) -> str:
    """Returns what `python -m` prints."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return done.stdout


def _sweep_of(folders: list[Path]) -> Path:
    """Returns the folder of the sweep that lists just these runs."""
    for listing in OUTPUTS.glob("sweeps/*/sweep.json"):
        runs = json.loads(listing.read_text("utf-8")).values()
        if {(listing.parent / run["path"]).resolve() for run in runs} == set(folders):
            return listing.parent
    raise FileNotFoundError(f"no sweep of these {len(folders)} runs in {OUTPUTS}")
