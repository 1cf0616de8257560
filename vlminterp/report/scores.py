"""The table of scores: each metric beside its baselines, and whether it beats them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.charts.curves import common_axis, whisker
from vlminterp.drawing.numbers import worth

Interval = tuple[float, float]


@dataclass(frozen=True)
class ScoreLine:
    """One line of the table: a method or a baseline.

    Attributes:
        name: Of the control; the plugin's own for the method.
        mean: Of the score.
        low: Lower end of its 95 % interval.
        high: Upper end of its 95 % interval.
        verdict: How the method does against this control; empty for the method.
        drawing: Mean and interval as a picture.
    """

    name: str
    mean: float
    low: float
    high: float
    verdict: str
    drawing: Markup


@dataclass(frozen=True)
class MetricScores:
    """One metric: the method's line, then its baselines'; `n` values were counted."""

    name: str
    direction: str
    n: int | None
    description: str
    decimals: int
    method: ScoreLine
    baselines: list[ScoreLine]


def score_table(metrics: Mapping[str, Mapping[str, Any]], plugin: str) -> list[MetricScores]:
    """Prepares the metrics of a summary for the page.

    Args:
        metrics: `summary["metrics"]`: mean, low, high, n, higher_is_better, baselines, and
            optionally a description, by name.
        plugin: What to call the method.

    Returns:
        The metrics in the summary's order; those without a mean are left out.
    """
    return [
        _metric(name, metric, plugin)
        for name, metric in metrics.items()
        if metric.get("mean") is not None
    ]


def verdict(method: Interval, baseline: Interval, *, higher_is_better: bool | None) -> str:
    """Compares two 95 % intervals; "overlap" is all that overlapping ones allow to say.

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
    interval = _interval(metric)
    axis = common_axis([interval, *map(_interval, known.values())])
    return MetricScores(
        name=name,
        direction="" if better is None else f"{'higher' if better else 'lower'} is better",
        n=metric.get("n"),
        description=metric.get("description") or "",
        decimals=worth(*interval),
        method=_line(plugin, metric, "", axis),
        baselines=[
            _line(baseline, line, verdict(interval, _interval(line), higher_is_better=better), axis)
            for baseline, line in known.items()
        ],
    )


def _line(name: str, values: Mapping[str, Any], against: str, axis: Interval) -> ScoreLine:
    mean, (low, high) = float(values["mean"]), _interval(values)
    return ScoreLine(name, mean, low, high, against, whisker(mean, low, high, axis))


def _interval(values: Mapping[str, Any]) -> Interval:
    """Low and high; the mean where there is no interval."""
    mean = float(values["mean"])
    low, high = values.get("low"), values.get("high")
    return (mean if low is None else float(low), mean if high is None else float(high))
