"""A lock that lets only one process at a time write into a run folder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vlminterp.errors import ResultsError

LOCK, PID, MEMBERS = ".lock", ".pid", ".members"
SHARED = sys.platform != "win32"
"""Whether several processes can work on one run: Windows has no locks that they could share."""


class BusyError(ResultsError):
    """Another process works in the folder."""


@contextmanager
def exclusive(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Keeps every other process out of a folder for as long as the block lasts.

    Args:
        folder: Folder to lock; it must exist.
        wait: Whether to wait for another process, with one line about it on stderr.

    Raises:
        BusyError: Another process works in the folder, and `wait` is false.
        OSError: The folder can't be written; the block's own errors pass through.
    """
    # the pid has a file of its own: some versions of filelock empty the one that they lock
    lock, pid = FileLock(folder / LOCK, timeout=0), folder / PID
    try:
        lock.acquire()
    except Timeout:
        if wait:
            sys.stderr.write(
                f"vlminterp: waiting for process {holder(folder)}, which works in {folder}\n"
            )
            lock.acquire(timeout=-1)
        else:
            raise BusyError(
                f"this run is in progress in another process (pid {holder(folder)}): {folder}; "
                "wait for it, or stop it and run the same line again: it continues there"
            ) from None
    try:
        pid.write_text(f"{os.getpid()}\n")
        yield
    finally:
        pid.unlink(missing_ok=True)
        lock.release()


@contextmanager
def membership(folder: Path) -> Iterator[bool]:
    """Notes for the length of a block that this process works in a folder, perhaps beside others.

    Args:
        folder: The folder; it must exist.

    Yields:
        Whether this process is the only one.
    """
    if not SHARED:
        yield True
        return
    import fcntl

    with (folder / MEMBERS).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        fcntl.flock(file, fcntl.LOCK_SH)
        yield alone


def holder(folder: Path) -> str:
    """Returns the id of the process that holds a folder's lock, as text."""
    pid = folder / PID
    return pid.read_text().strip() if pid.is_file() else "unknown"
