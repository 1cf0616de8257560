"""Training checkpoints: which are whole, so that training can go on from them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from vlminterp.results.atomic import write_whole

PREFIX = "checkpoint-"
WHOLE = "whole"


def mark_whole(folder: Path, step: int) -> None:
    """Says that the checkpoint of a step, and the rows up to it, are all on disk.

    Args:
        folder: Of the checkpoints.
        step: The last one in it.
    """
    write_whole(folder / f"{PREFIX}{step}" / WHOLE, b"")


def whole_checkpoints(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yields the steps that have a whole checkpoint, and where it is; the latest first."""
    found = {
        int(path.name.removeprefix(PREFIX)): path
        for path in folder.glob(f"{PREFIX}*")
        if (path / WHOLE).is_file()
    }
    return ((step, found[step]) for step in sorted(found, reverse=True))


def discard_after(folder: Path, step: int) -> None:
    """Deletes the checkpoints of later steps, which training is about to make again.

    Left there, they would crowd out the new ones: only the last few are kept.

    Args:
        folder: Of the checkpoints.
        step: The one that training goes on from; 0 if it begins anew.
    """
    for path in folder.glob(f"{PREFIX}*"):
        if int(path.name.removeprefix(PREFIX)) > step:
            shutil.rmtree(path)
