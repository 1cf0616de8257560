"""Versions of all that a run's numbers may depend on."""

import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from vlminterp.errors import ResultsError
from vlminterp.results.identity import package_version

PATIENCE, POLL = 20.0, 0.2
"""Seconds in which a process that has begun writes its versions, and between two looks for them."""
LIBRARIES = ("torch", "transformers", "open_clip_torch", "captum", "trl", "peft", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Returns the versions of vlminterp, Python, the libraries and the platform, by name."""
    found = {"vlminterp": package_version(), "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return {**found, "platform": platform.platform()}


def differences(own: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    """Returns what has another version there, with its own version; platforms may differ.

    Example:
        >>> differences({"torch": "2.8", "numpy": "2.3"}, {"torch": "2.7", "numpy": "2.3"})
        ['torch 2.8']
    """
    named = (name for name in own if name != "platform" and own[name] != others.get(name))
    return [f"{name} {own[name]}" for name in named]


def require_same(folder: Path, theirs: Callable[[], Mapping[str, str]]) -> None:
    """Refuses to work beside a process whose numbers may differ.

    Args:
        folder: The folder that both work in, for the message.
        theirs: Reads the other's versions; empty while it has only just begun.

    Raises:
        ResultsError: Versions differ, other than that of the platform.
    """
    begun = time.monotonic()
    while not (known := theirs()) and time.monotonic() - begun < PATIENCE:
        time.sleep(POLL)
    if others := differences(versions(), known):
        raise ResultsError(
            f"another process works in {folder} with other versions; here: {', '.join(others)}"
        )
