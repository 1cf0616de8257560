"""Files that are either whole or absent, whenever the process or the machine dies."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from vlminterp.errors import ResultsError

TEMPORARY = ".part.tmp"


def write_whole(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Writes a file so that no one ever sees half of it.

    The content reaches the disk before the name does, and the name before this function returns.

    Args:
        path: The file; replaced if it exists.
        content: All of its bytes.
        sync: Whether to wait for the disk. A file whose digest is kept elsewhere needs no wait: a
            power loss may damage it, which its readers notice.

    Raises:
        OSError: It can't be written; nothing is left behind.
    """
    # A name of its own: two processes may write the same file at once.
    temporary = path.with_name(f".{path.name}.{token_hex(4)}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        _sync_directory(path.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an OSError of the block into a ResultsError that says what to do, in one line.

    Args:
        path: The file or folder that the block writes.

    Raises:
        ResultsError: The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"{path} can't be written: {error.strerror}; free or mend it, or choose another "
            "output folder; what is already written is safe"
        ) from error


def remove_leftovers(folder: Path) -> None:
    """Removes the half-written files that a killed process left."""
    for leftover in folder.glob(f".*{TEMPORARY}"):
        leftover.unlink()


def _sync_directory(folder: Path) -> None:
    if os.name == "nt":  # Windows can't open directories, and writes names through
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
