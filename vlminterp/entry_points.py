"""Entry points of installed packages; listing imports nothing."""

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vlminterp.errors import ConfigError, nearest

PLUGINS, ADAPTERS, SOURCES = "vlminterp.plugins", "vlminterp.adapters", "vlminterp.sources"
FAMILIES, METHODS = "vlminterp.families", "vlminterp.methods"
COMMANDS = "vlminterp.commands"
"""The groups."""


def installed(group: str, own: Mapping[str, str] | None = None) -> dict[str, list[EntryPoint]]:
    """Returns the entry points of all installed packages by name.

    What is installed is read once, so that a package installed later is found by the next process.

    Args:
        group: One of the groups.
        own: Further entry points, as name and `module:attribute`.

    Returns:
        By name, sorted; more than one where packages claim the same name.
    """
    points = [EntryPoint(name, value, group) for name, value in (own or {}).items()]
    points += _of_packages(group, tuple(sys.path))
    found: dict[str, dict[str, EntryPoint]] = {}
    for point in points:
        found.setdefault(point.name, {})[point.value] = point
    return {name: list(found[name].values()) for name in sorted(found)}


@cache
def _of_packages(group: str, _path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Reads the metadata of every package on the path, which takes 10 ms: a run asks 60 times."""
    return tuple(entry_points(group=group))


def load(group: str, name: str, own: Mapping[str, str] | None = None) -> Any:
    """Imports what a name stands for.

    Args:
        group: One of the groups.
        name: The entry point's name.
        own: Further entry points, as for `installed`.

    Raises:
        ConfigError: There is no such name, two packages claim it, or its package can't be imported.
    """
    kind = group.rpartition(".")[2].removesuffix("s")
    found = installed(group, own)
    if name not in found:
        raise ConfigError(f"no {kind} '{name}'; {nearest(name, found)}")
    if len(found[name]) > 1:
        claims = " and ".join(sorted(point.value for point in found[name]))
        raise ConfigError(f"{kind} '{name}' is claimed twice: by {claims}")
    (point,) = found[name]
    try:
        return point.load()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(f"{kind} '{name}' can't be imported: {reason}") from error
