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
        name: The baseline's name; the plugin's for the method.
        mean: The mean score.
        low: Lower end of its 95 % interval.
        high: Upper end of its 95 % interval.
        verdict: The method's result against this baseline; empty for the method.
        drawing: A drawing of the mean and interval.
    """

    name: str
    mean: float
    low: float
    high: float
    verdict: str
    drawing: Markup


@dataclass(frozen=True)
class MetricScores:
    """One metric: the method's line, then the baselines'; `n` is the number of values."""

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
    """Returns the interval's ends; the mean in place of an end that is missing."""
    mean = float(values["mean"])
    low, high = values.get("low"), values.get("high")
    return (mean if low is None else float(low), mean if high is None else float(high))
