"""Finding the files that a source names, and writing their names."""

from pathlib import Path

from vlminterp.errors import InputError

RUN_FOLDER_FILES = ("config.yaml", "versions.json")
"""A run's resolved config, and the versions of all that its numbers may depend on."""


def existing_file(path: str, what: str) -> Path:
    """Returns the path of a file that must be there before anything else starts.

    Args:
        path: The path as the user wrote it; `~` is the home folder.
        what: A name for the file in the message, e.g. "manifest".

    Raises:
        InputError: There is no such path, or it is not a file.
    """
    found = Path(path).expanduser()
    if not found.exists():
        raise InputError(f"no {what} at {found}")
    if not found.is_file():
        raise InputError(f"the {what} {found} is not a file")
    return found


def existing_folder(path: str, what: str) -> Path:
    """Returns the path of a folder that must be there before anything else starts.

    Args:
        path: The path as the user wrote it; `~` is the home folder.
        what: A name for the folder in the message, e.g. "picture folder".

    Raises:
        InputError: There is no such path, or it is not a folder.
    """
    found = Path(path).expanduser()
    if not found.exists():
        raise InputError(f"no {what} at {found}")
    if not found.is_dir():
        raise InputError(f"the {what} {found} is not a folder")
    return found


def printable(text: str) -> str:
    r"""Replaces what UTF-8 can't write (a file name in another encoding) by "?".

    Example:
        >>> printable("caf\udce9.jpg")
        'caf?.jpg'
    """
    return text.encode(errors="replace").decode()


def is_run_folder(folder: Path) -> bool:
    """Tells whether a folder was made by a run."""
    return all((folder / name).is_file() for name in RUN_FOLDER_FILES)
