"""The few numbers of a run that one wants to see first."""

from collections.abc import Mapping
from typing import Any

METRICS = 3


def first_metrics(summary: Mapping[str, Any]) -> str:
    """Returns the means of a finished run's first metrics.

    Args:
        summary: As `RunFolder.finish` was given it.

    Example:
        >>> first_metrics({"metrics": {"image.pointing_game": {"mean": 0.83}}})
        'image.pointing_game 0.830'
    """
    metrics = [
        f"{name} {metric['mean']:.3f}"
        for name, metric in (summary.get("metrics") or {}).items()
        if metric.get("mean") is not None
    ]
    return ", ".join(metrics[:METRICS])


def interval(metric: Mapping[str, Any], sign: str = "-") -> str:
    """A mean with its interval, if it has one.

    Args:
        metric: `mean`, perhaps `low` and `high`.
        sign: "+" to write that of a positive mean too.
    """
    mean = f"{metric['mean']:{sign}.3f}"
    if metric.get("low") is None:
        return mean
    return f"{mean} [{metric['low']:.3f}, {metric['high']:.3f}]"


def pairs_with_truth(summary: Mapping[str, Any]) -> str:
    """Of how many explained pairs it is known where that is which their texts name.

    Args:
        summary: As `RunFolder.finish` was given it; one without the count gives "".

    Example:
        >>> pairs_with_truth({"pairs": 10, "skipped": 2, "with_truth": 5})
        '5 of 8'
    """
    if "with_truth" not in summary:
        return ""
    return f"{summary['with_truth']} of {summary['pairs'] - summary['skipped']}"
