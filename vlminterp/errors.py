"""Errors that a user can mend: one line that says what is wrong and what to do."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake that the user can mend. Printed as one line, never as a traceback."""


class ConfigError(UserError):
    """A name, key or value in the configuration that is unknown or out of range."""


class InputError(UserError):
    """A picture, caption or data file that can't be read or used."""


class ModelError(UserError):
    """A model that can't be loaded, or is not what its adapter expects."""


class ResultsError(UserError):
    """A run folder that can't be written, is in use, or was made by something else."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Lists the known names that are nearest to an unknown one, then all of them.

    Args:
        name: The unknown name that the user wrote.
        known: The names that exist.

    Returns:
        A clause to end an error line with.

    Example:
        >>> nearest("clip-vit-b23", ["clip-vit-b32", "planted-base"])
        'nearest: clip-vit-b32; all: clip-vit-b32, planted-base'
    """
    names = sorted(known)
    if not names:
        return "there are none"
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    everything = "all: " + ", ".join(names)
    return f"nearest: {', '.join(close)}; {everything}" if close else everything
