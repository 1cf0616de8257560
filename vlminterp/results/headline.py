"""The few numbers of a run that readers want to see first."""

from collections.abc import Mapping
from typing import Any

METRICS = 3


def first_metrics(summary: Mapping[str, Any]) -> str:
    """Returns the means of a finished run's first metrics (at most 3), as text.

    Args:
        summary: The run's summary, as `RunFolder.finish` takes it.

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
    """Formats a mean with its interval, if it has one.

    Args:
        metric: A metric's `mean`, and perhaps its `low` and `high`.
        sign: Sign of the format: "+" to write a positive mean's too, "-" for a negative one's only.
    """
    mean = f"{metric['mean']:{sign}.3f}"
    if metric.get("low") is None:
        return mean
    return f"{mean} [{metric['low']:.3f}, {metric['high']:.3f}]"


def pairs_with_truth(summary: Mapping[str, Any]) -> str:
    """Formats how many of the explained pairs have a mask of what their texts name.

    Args:
        summary: The run's summary, as `RunFolder.finish` takes it; without the count, the text is
            empty.

    Example:
        >>> pairs_with_truth({"pairs": 10, "skipped": 2, "with_truth": 5})
        '5 of 8'
    """
    if "with_truth" not in summary:
        return ""
    return f"{summary['with_truth']} of {summary['pairs'] - summary['skipped']}"
