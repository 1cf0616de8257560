"""The few numbers of a run that one wants to see first."""

from collections.abc import Mapping
from typing import Any

METRICS = 3


def headline(summary: Mapping[str, Any]) -> str:
    """A finished run in a few words: its answer, or its first metrics.

    Args:
        summary: As `RunFolder.finish` was given it.

    Example:
        >>> gain = {"mean": 0.195, "low": 0.182, "high": 0.21}
        >>> headline({"preferred": "habitat", "gains": {"presence": {"habitat": gain}}})
        'prefers habitat +0.195 [0.182, 0.210]'
        >>> null = {"presence": {"habitat": gain}, "shuffled": {"habitat": {"mean": 0.01}}}
        >>> headline({"preferred": "habitat", "gains": null})
        'prefers habitat +0.195 [0.182, 0.210], shuffled +0.010'
        >>> headline({"finding": "nothing found", "gains": {"presence": {}}})
        'prefers: nothing found'
        >>> headline({"metrics": {"image.pointing_game": {"mean": 0.83}}})
        'image.pointing_game 0.830'
    """
    if "gains" in summary:
        family = summary.get("preferred")
        if family is None:
            return f"prefers: {summary.get('finding', 'nothing')}"
        gains = summary["gains"]
        null = gains.get("shuffled", {}).get(family)
        beside = f", shuffled {null['mean']:+.3f}" if null else ""
        return f"prefers {family} {interval(gains['presence'][family], sign='+')}{beside}"
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
