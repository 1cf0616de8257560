"""The panels of a run: its gains first, then its metrics, curves, pictures and tables.

Panels depend on what a run has logged, not on its plugin. Curves that are named like one of the
run's metrics come before the pictures, other curves after them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
from wandb_workspaces.reports.v2.interface import Panel

from vlminterp.tracking.keys import Keys
from vlminterp.tracking.summary import INTERVAL, metric_key

BETTER = {True: " (higher is better)", False: " (lower is better)", None: ""}
WHO = "${run:displayName} ${run:jobType}"
GAINS = "gains/"
PASSPORTS = "passports/"
MEAN = f"/{INTERVAL[0]}"
SHOWN_FIRST = 3
"""Metrics of a plugin in the comparison of VLMs; the plugin's own section has all."""


@dataclass(frozen=True)
class Panels:
    """The panels of one plugin's runs.

    Attributes:
        matter: Panels of what matters most in a run.
        more: Other curves, and the tables.
    """

    matter: Sequence[Panel]
    more: Sequence[Panel]


def panels(plugin: str, logged: Sequence[Keys]) -> Panels:
    """Builds the panels of a plugin.

    Args:
        plugin: The plugin's name, with which titles of metrics begin.
        logged: Keys of each of its runs.
    """
    metrics, summary = _metrics(logged), _each(keys.summary for keys in logged)
    gains, bars = _gains(summary), _metric_bars(plugin, metrics, summary)
    near, far = _curves(logged, set(metrics))
    media = _each(keys.media for keys in logged)
    tables = _each(keys.tables for keys in logged)
    return Panels(
        matter=[
            *gains,
            *bars,
            *_passports(plugin, summary),
            *near,
            *(_media(key) for key in media),
        ],
        more=[*far, *(wr.WeavePanelSummaryTable(table_name=key) for key in tables)],
    )


def comparison(logged: Mapping[str, Sequence[Keys]]) -> list[Panel]:
    """Builds the panels that compare VLMs, over the runs of all plugins.

    Args:
        logged: Keys of each run, by plugin.
    """
    every = [keys for some in logged.values() for keys in some]
    shown = _gains(_each(keys.summary for keys in every))
    for plugin, some in logged.items():
        summary = _each(keys.summary for keys in some)
        if not _gains(summary):
            shown += _metric_bars(plugin, _metrics(some), summary)[:SHOWN_FIRST]
        shown += _passports(plugin, summary)
    return [*shown, *_trade_off(every)]


def _trade_off(logged: Sequence[Keys]) -> list[Panel]:
    """Plots all runs over all metrics with a direction; axes where lower is better are inverted."""
    known = set(_each(keys.summary for keys in logged))
    directed = {
        metric_key(name) + MEAN: facts["higher_is_better"]
        for name, facts in _metrics(logged).items()
        if facts.get("higher_is_better") is not None
    }
    columns = [
        wr.ParallelCoordinatesPlotColumn(metric=wr.SummaryMetric(key), inverted=not higher)
        for key, higher in directed.items()
        if key in known
    ]
    if not columns:
        return []
    model = wr.ParallelCoordinatesPlotColumn(metric=wr.Config("names.model"), display_name="VLM")
    title = "every metric, better is up"
    return [wr.ParallelCoordinatesPlot(title=title, columns=[model, *columns])]


def _metrics(logged: Iterable[Keys]) -> dict[str, Mapping[str, Any]]:
    return {name: facts for keys in logged for name, facts in keys.metrics.items()}


def _gains(summary: Sequence[str]) -> list[Panel]:
    """Returns one panel for each kind of gain, with a bar for each family of words."""
    kinds = dict.fromkeys(key.split("/")[1] for key in summary if key.startswith(GAINS))
    return [
        wr.BarPlot(
            title=f"gain by family, {kind}",
            metrics=_ending(summary, f"{GAINS}{kind}/"),
            legend_template=WHO,
        )
        for kind in kinds
    ]


def _metric_bars(
    plugin: str, metrics: Mapping[str, Mapping[str, Any]], summary: Sequence[str]
) -> list[Panel]:
    """Returns one panel for each metric, with a bar for itself and for each of its baselines."""
    families = {key.split("/")[-2] for key in summary if key.startswith(GAINS)}
    return [
        wr.BarPlot(
            title=f"{plugin}: {name}{BETTER[facts.get('higher_is_better')]}",
            metrics=keys,
            legend_template=WHO,
        )
        for name, facts in metrics.items()
        if name.split(".")[0] not in families  # shown by the panels of gains
        if (keys := _ending(summary, f"{metric_key(name)}/"))
    ]


def _passports(plugin: str, summary: Sequence[str]) -> list[Panel]:
    """Returns a panel for each method's passports, with a bar for each word on them."""
    methods: dict[str, list[str]] = {}
    for key in summary:
        if key.startswith(PASSPORTS):
            methods.setdefault(key.rpartition("/")[0], []).append(key)
    return [
        wr.BarPlot(
            title=f"{plugin}: {method.replace('/', ', ')}, maps by word",
            metrics=keys,
            legend_template=WHO,
        )
        for method, keys in methods.items()
    ]


def _ending(summary: Sequence[str], prefix: str) -> list[str]:
    """Returns the keys of means that begin with a prefix."""
    return [key for key in summary if key.startswith(prefix) and key.endswith(MEAN)]


def _curves(logged: Sequence[Keys], metrics: set[str]) -> tuple[list[Panel], list[Panel]]:
    """Builds charts over steps.

    Returns:
        Curves named like a metric (each metric once, by its first axis), with all curves of an axis
        that has none such; and the others.
    """
    axes: dict[str, list[str]] = {}
    for keys in logged:
        for axis, curves in keys.curves.items():
            axes[axis] = _each([axes.get(axis, []), curves])
    near: list[Panel] = []
    far: list[Panel] = []
    seen: set[str] = set()
    for axis, curves in axes.items():
        columns = {curve: curve.rpartition("/")[2] for curve in curves}
        named = metrics & set(columns.values())
        for curve, column in columns.items():
            chart = wr.LinePlot(title=curve, x=axis, y=[curve], legend_template=WHO)
            matters = column in named - seen if named else True
            (near if matters else far).append(chart)
        seen |= named
    return near, far


def _media(key: str) -> Panel:
    return wr.MediaBrowser(title=key, media_keys=[key])


def _each(lists: Iterable[Sequence[str]]) -> list[str]:
    """Returns the lists' entries once each, in order of appearance."""
    return list(dict.fromkeys(key for keys in lists for key in keys))
