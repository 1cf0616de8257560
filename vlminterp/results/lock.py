"""A lock that lets only one process at a time write into a run folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vlminterp.errors import ResultsError

LOCK, PID = ".lock", ".pid"


@contextmanager
def exclusive(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Keeps every other process out of a folder for as long as the block lasts.

    Args:
        folder: Folder to lock; it must exist.
        wait: Whether to wait for another process, with one line about it on stderr.

    Raises:
        ResultsError: Another process works in the folder, and `wait` is false.
        OSError: The folder can't be written; the block's own errors pass through.
    """
    # the pid has a file of its own: some versions of filelock empty the one that they lock
    lock, pid = FileLock(folder / LOCK, timeout=0), folder / PID
    try:
        lock.acquire()
    except Timeout:
        holder = pid.read_text().strip() if pid.is_file() else "unknown"
        if wait:
            sys.stderr.write(f"vlminterp: waiting for process {holder}, which works in {folder}\n")
            lock.acquire(timeout=-1)
        else:
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
