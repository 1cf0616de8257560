"""Damaged files of runs, of the stages that runs share, of caches, and of sweeps."""

import json
from collections.abc import Iterator
from pathlib import Path

from vlminterp.errors import ResultsError
from vlminterp.paths import RUN_FOLDER_FILES
from vlminterp.results.guarded import DIGESTS, GuardedFiles
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sealed import SUFFIXES, read_sealed
from vlminterp.results.sweep import SWEEP_FILE, Sweep

CHECKPOINT_DIGESTS = "whole"


def runs_in(folder: Path) -> list[RunFolder]:
    """Returns the runs and stages in a folder: itself, those of a sweep, or all beneath it.

    Args:
        folder: Folder of a run, a stage or a sweep, or one that holds such folders.

    Raises:
        ResultsError: The folder holds none, and no cache either.
    """
    if _is_run(folder):
        return [RunFolder(folder)]
    if (folder / SWEEP_FILE).exists():
        return [run.folder for run in Sweep(folder).runs() if run.folder is not None]
    marks = (DIGESTS, *RUN_FOLDER_FILES)
    beneath = {path.parent for mark in marks for path in folder.rglob(mark)}
    found = [RunFolder(path) for path in sorted(beneath) if _is_run(path)]
    if not found and not any(_sealed(folder)):
        raise ResultsError(
            f"{folder} holds no run, stage or sweep; "
            "give the folder that a run has printed: outputs/PLUGIN/MODEL/HASH, or one above it"
        )
    return found


def damaged_in_run(run: RunFolder) -> Iterator[Path]:
    """Yields the damaged or missing files of a run or stage, its checkpoints' included."""
    yield from (run.path / name for name in run.damaged())
    for name in RUN_FOLDER_FILES:
        if not (run.path / name).is_file() and name not in map(str, run.damaged()):
            yield run.path / name
    for marker in sorted(run.path.glob(f"work/*/*/{CHECKPOINT_DIGESTS}")):
        checkpoint = GuardedFiles(marker.parent, CHECKPOINT_DIGESTS)
        yield from (marker.parent / name for name in checkpoint.damaged())


def damaged_beside(folder: Path) -> Iterator[Path]:
    """Yields the damaged files of a sweep and of caches in a folder, which belong to no run."""
    sweep = folder / SWEEP_FILE
    if sweep.exists() and not _is_json(sweep):
        yield sweep
    yield from (path for path in _sealed(folder) if read_sealed(path) is None)


def _is_run(folder: Path) -> bool:
    """Tells whether a folder is a run's: one of its two files is enough if it has digests."""
    there = [(folder / name).is_file() for name in RUN_FOLDER_FILES]
    return all(there) or (any(there) and (folder / DIGESTS).exists())


def _sealed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def _is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError):
        return False
