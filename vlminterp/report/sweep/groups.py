"""Runs that can be compared: of one plugin, on the same data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vlminterp.results.sweep import Run, RunState, short_names


@dataclass(frozen=True)
class Group:
    """What a plugin found on one source.

    Attributes:
        plugin: Its name.
        data: The source's name.
        title: Tells the group apart from the page's others.
        runs: The finished ones, by the name of the VLM where that tells them apart.
    """

    plugin: str
    data: str
    title: str
    runs: dict[str, Run]


def groups_of(runs: Iterable[Run]) -> list[Group]:
    """The finished runs by plugin and data, in their order.

    Args:
        runs: Of a sweep.
    """
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.state is RunState.finished:
            found.setdefault((run.names["plugin"], run.names["data"]), []).append(run)
    plugins = [plugin for plugin, _ in found]
    return [
        Group(
            plugin,
            data,
            title=plugin if plugins.count(plugin) == 1 else f"{plugin}, {data}",
            runs=dict(zip(_labels(own), own, strict=True)),
        )
        for (plugin, data), own in found.items()
    ]


def _labels(runs: Sequence[Run]) -> list[str]:
    models = [run.names["model"] for run in runs]
    if len(set(models)) == len(models):
        return models
    names, _ = short_names([run.line for run in runs])
    return names
