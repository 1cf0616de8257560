"""Identity of a run: a hash of all that its numbers depend on."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vlminterp.errors import InputError
from vlminterp.results.plain import plain

HASH_LENGTH = 12


def run_identity(config: Mapping[str, Any], files: Iterable[Path]) -> str:
    """Hashes all that a run's numbers depend on, hence no clock and no job number.

    Args:
        config: The resolved config, less what changes no number (output, tracking, device …).
        files: Local files and folders that the config names; their contents count.

    Returns:
        12 hexadecimal digits.

    Raises:
        InputError: A file can't be read.

    Example:
        >>> run_identity({"a": 1, "b": 2}, []) == run_identity({"b": 2, "a": 1}, [])
        True
    """
    identity = {
        "config": plain(config),
        "version": ".".join(package_version().split(".")[:2]),
        "files": [fingerprint(file) for path in files for file in _files_in(Path(path))],
    }
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:HASH_LENGTH]


def fingerprint(path: Path) -> tuple[int, str]:
    """Returns the size in bytes and the sha256 of a file.

    Raises:
        InputError: It can't be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}; check the path") from error


def package_version() -> str:
    """Returns the installed version of vlminterp; "0.0" for a source tree not installed."""
    try:
        return version("vlminterp")
    except PackageNotFoundError:
        return "0.0"


def _files_in(path: Path) -> Iterator[Path]:
    """Yields the file itself, or all files below a folder in an order that never changes."""
    if not path.is_dir():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.is_file())
