"""Groups of runs that can be compared: one plugin on the same data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp.results.sweep import Run, RunState, short_names

MODEL, SEVERAL = "VLM", "run"
"""Axes of a group whose runs differ in their model, or in several options at once."""


@dataclass(frozen=True)
class Group:
    """The finished runs of one plugin on one source.

    Attributes:
        plugin: The plugin's name.
        data: The source's name.
        title: A name that no other group on the page has.
        axis: The difference between the runs: "VLM", an option such as `data.text`, or "run" if
            several options differ.
        runs: The runs by their place on the axis: a VLM's name, or an option's value.
        page: The folder that the sweep's page is in.
    """

    plugin: str
    data: str
    title: str
    axis: str
    runs: dict[str, Run]
    page: Path

    @property
    def noun(self) -> str:
        """The plural for the group's runs: "VLMs" or "runs"."""
        return "VLMs" if self.axis == MODEL else "runs"


def groups_of(runs: Iterable[Run], page: Path) -> list[Group]:
    """Groups the finished runs by plugin and data, in their order.

    Args:
        runs: The sweep's runs.
        page: The folder that the sweep's page is in.
    """
    found: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.state is RunState.finished:
            found.setdefault((run.names["plugin"], run.names["data"]), []).append(run)
    plugins = [plugin for plugin, _ in found]
    groups = []
    for (plugin, data), own in found.items():
        axis, labels = axis_of(own)
        title = plugin if plugins.count(plugin) == 1 else f"{plugin}, {data}"
        groups.append(Group(plugin, data, title, axis, dict(zip(labels, own, strict=True)), page))
    return groups


def axis_of(runs: Sequence[Run]) -> tuple[str, list[str]]:
    """Finds what tells runs apart, and each run's place on that axis.

    Args:
        runs: Runs of one plugin on one source.

    Returns:
        The axis, as in `Group.axis`, and a name for each run.
    """
    models = [run.names["model"] for run in runs]
    if len(set(models)) == len(models):
        return MODEL, models
    names, _ = short_names([run.line for run in runs])
    keys = {name.partition("=")[0].lstrip("+") for name in names}
    if len(keys) == 1 and all("=" in name for name in names):
        return keys.pop(), [_plain(name.partition("=")[2]) for name in names]
    return SEVERAL, names


def _plain(value: str) -> str:
    """Returns an option's value without the quotes that the command line needs."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1].replace(f"\\{value[0]}", value[0]) if quoted else value
