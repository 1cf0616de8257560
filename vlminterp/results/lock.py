"""One process at a time writes into a run folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vlminterp.errors import ResultsError

LOCK, PID = ".lock", ".pid"


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Keeps every other process out of a folder for as long as the block lasts.

    Args:
        folder: Must exist.

    Raises:
        ResultsError: Another process is at it.
        OSError: The folder can't be written; the block's own errors are not touched.
    """
    # the pid has a file of its own: some versions of filelock empty the one that they lock
    lock, pid = FileLock(folder / LOCK, timeout=0), folder / PID
    try:
        lock.acquire()
    except Timeout:
        holder = pid.read_text().strip() if pid.is_file() else "unknown"
        raise ResultsError(
            f"this run is in progress in another process (pid {holder}): {folder}; "
            "wait for it, or stop it and run the same line again: it continues there"
        ) from None
    try:
        pid.write_text(f"{os.getpid()}\n")
        yield
    finally:
        pid.unlink(missing_ok=True)
        lock.release()
