"""The table of scores: each metric beside its baselines, and whether it beats them.

There is no verdict without an interval, and none against a baseline that a metric must not be
compared with: a map that shows more of a picture loses less of its score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.charts.curves import common_axis, whisker
from vlminterp.drawing.numbers import worth
from vlminterp.metrics.facts import METRICS, how_it_misleads

Interval = tuple[float, float]


@dataclass(frozen=True)
class ScoreLine:
    """One line of the table: a method or a baseline.

    Attributes:
        name: The baseline's name; the plugin's for the method.
        mean: The mean score.
        low: Lower end of its 95 % interval; None where there is no interval.
        high: Upper end of its 95 % interval.
        verdict: The method's result against this baseline; empty for the method, where there is no
            interval, and where the metric has another baseline to be compared with.
        drawing: A drawing of the mean and interval.
    """

    name: str
    mean: float
    low: float | None
    high: float | None
    verdict: str
    drawing: Markup


@dataclass(frozen=True)
class MetricScores:
    """One metric: the method's line, then the baselines'.

    `n` is the number of values, and `misleads` says how the metric does; empty where it does not.
    """

    name: str
    direction: str
    n: int | None
    description: str
    misleads: str
    decimals: int
    method: ScoreLine
    baselines: list[ScoreLine]


def score_table(metrics: Mapping[str, Mapping[str, Any]], plugin: str) -> list[MetricScores]:
    """Prepares the metrics of a summary for the page.

    Args:
        metrics: `summary["metrics"]`: by name, each with mean, low, high, n, higher_is_better,
            baselines and optionally a description.
        plugin: The name shown for the method.

    Returns:
        The metrics in the summary's order; those without a mean are left out.
    """
    return [
        _metric(name, metric, plugin)
        for name, metric in metrics.items()
        if metric.get("mean") is not None
    ]


def verdict(method: Interval, baseline: Interval, *, higher_is_better: bool | None) -> str:
    """Says which of two 95 % intervals is better, or that they overlap.

    The answer is empty where neither direction is better (`higher_is_better` is None).

    Example:
        >>> verdict((0.6, 0.7), (0.1, 0.2), higher_is_better=True)
        'clearly beaten'
    """
    if higher_is_better is None:
        return ""
    above, below = method[0] > baseline[1], method[1] < baseline[0]
    if not above and not below:
        return "intervals overlap"
    return "clearly beaten" if above == higher_is_better else "clearly better than the method"


def _metric(name: str, metric: Mapping[str, Any], plugin: str) -> MetricScores:
    better: bool | None = metric.get("higher_is_better")
    baselines: Mapping[str, Mapping[str, float]] = metric.get("baselines") or {}
    known = {name: line for name, line in baselines.items() if line.get("mean") is not None}
    axis = common_axis([_drawn(metric), *map(_drawn, known.values())])
    return MetricScores(
        name=name,
        direction="" if better is None else f"{'higher' if better else 'lower'} is better",
        n=metric.get("n"),
        description=metric.get("description") or "",
        misleads=how_it_misleads(name),
        decimals=worth(*_drawn(metric)),
        method=_line(plugin, metric, "", axis),
        baselines=[
            _line(baseline, line, _against(name, metric, baseline, line), axis)
            for baseline, line in known.items()
        ],
    )


def _against(name: str, metric: Mapping[str, Any], baseline: str, line: Mapping[str, Any]) -> str:
    """Returns the verdict against one baseline; empty where there can be none."""
    facts = METRICS.get(name.rpartition(".")[2])
    own, other = _interval(metric), _interval(line)
    if own is None or other is None or (facts and facts.matched not in (None, baseline)):
        return ""
    return verdict(own, other, higher_is_better=metric.get("higher_is_better"))


def _line(name: str, values: Mapping[str, Any], against: str, axis: Interval) -> ScoreLine:
    mean, interval = float(values["mean"]), _interval(values)
    low, high = interval or (None, None)
    return ScoreLine(name, mean, low, high, against, whisker(mean, *_drawn(values), axis))


def _interval(values: Mapping[str, Any]) -> Interval | None:
    """Returns the interval's ends; None if one is missing, as it is for a single pair."""
    low, high = values.get("low"), values.get("high")
    return None if low is None or high is None else (float(low), float(high))


def _drawn(values: Mapping[str, Any]) -> Interval:
    """Returns the ends of the line that is drawn: a point where there is no interval."""
    mean = float(values["mean"])
    return _interval(values) or (mean, mean)
