"""Metrics as a run's summary holds them, for reports, trackers and the console."""

import math
from collections.abc import Mapping
from typing import Any

from vlminterp.metrics.intervals import Interval


def metric(
    interval: Interval,
    *,
    higher_is_better: bool | None = None,
    description: str = "",
    baselines: Mapping[str, Interval] | None = None,
) -> dict[str, Any]:
    """Returns a mean with its interval, and what a reader needs to understand it.

    Args:
        interval: The metric's mean and interval.
        higher_is_better: Whether higher is better; None where neither direction is.
        description: The metric in one line.
        baselines: Mean and interval of each baseline that the metric is compared with, by name.

    Returns:
        A dict ready for JSON: NaN and infinity are None.
    """
    return {
        **plain_interval(interval),
        "higher_is_better": higher_is_better,
        "description": description,
        "baselines": {name: plain_interval(other) for name, other in (baselines or {}).items()},
    }


def plain_interval(interval: Interval) -> dict[str, Any]:
    """Returns `mean`, `low`, `high` and `n`; what is NaN or infinite is None.

    The ends are NaN below two clusters, and the mean without any.

    Example:
        >>> plain_interval(Interval(0.5, float("nan"), float("nan"), 1))
        {'mean': 0.5, 'low': None, 'high': None, 'n': 1}
    """
    ends = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    finite = {key: value if math.isfinite(value) else None for key, value in ends.items()}
    return {**finite, "n": interval.n}


def with_current_names(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a summary under today's names; earlier versions called baselines "controls".

    Example:
        >>> with_current_names({"metrics": {"drop": {"mean": 1.0, "controls": {}}}})
        {'metrics': {'drop': {'mean': 1.0, 'baselines': {}}}}
    """
    metrics = summary.get("metrics")
    if not isinstance(metrics, Mapping):
        return dict(summary)
    return {**summary, "metrics": {name: _renamed(one) for name, one in metrics.items()}}


def _renamed(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    return {("baselines" if key == "controls" else key): value for key, value in one.items()}
