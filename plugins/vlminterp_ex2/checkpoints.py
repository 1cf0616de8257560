"""Training checkpoints: which are whole, so that training can go on from them."""

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
