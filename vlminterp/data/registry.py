"""The sources, by name. Listing them imports none of them."""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vlminterp.data.pairs import Source
from vlminterp.errors import ConfigError, nearest

GROUP = "vlminterp.sources"
SOURCES = {
    "planted": "vlminterp.planted.source:PlantedSource",
    "pair": "vlminterp.data.pair:PairSource",
    "folder": "vlminterp.data.folder:FolderSource",
    "manifest": "vlminterp.data.manifest:ManifestSource",
}
"""Our own sources, as `module:class`; others come by entry points of the group `GROUP`."""


def source_names() -> list[str]:
    """Every source that can be asked for, sorted; none of them is imported."""
    return sorted(_entry_points())


def source_class(name: str) -> type[Source]:
    """Finds a source by its name.

    Args:
        name: One of `source_names()`.

    Returns:
        The class; `source_class(name)(source_class(name).Config(...))` is a source.

    Raises:
        ConfigError: There is no such source, two packages claim the name, or the source's own
            package can't be imported.
    """
    found = _entry_points()
    if name not in found:
        raise ConfigError(f"no data source '{name}'; {nearest(name, found)}")
    values = sorted({point.value for point in found[name]})
    if len(values) > 1:
        raise ConfigError(f"two packages bring a data source '{name}': {' and '.join(values)}")
    loaded = _load(name, values[0])
    if not (isinstance(loaded, type) and issubclass(loaded, Source)):
        raise ConfigError(f"data source '{name}': {values[0]} is no subclass of Source")
    return loaded


def _entry_points() -> dict[str, list[EntryPoint]]:
    found = {name: [EntryPoint(name, value, GROUP)] for name, value in SOURCES.items()}
    for point in entry_points(group=GROUP):
        found.setdefault(point.name, []).append(point)
    return found


def _load(name: str, value: str) -> Any:
    module, _, attribute = value.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"data source '{name}' can't be loaded from {value}: {error}") from error
