"""Logs a run's summary to W&B as flat keys, with each metric's direction and an alert."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vlminterp.results.plain import flatten
from vlminterp.tracking.tables import BEST

if TYPE_CHECKING:
    import wandb

INTERVAL = ("mean", "low", "high", "n")


def log_summary(run: "wandb.Run", summary: Mapping[str, Any]) -> None:
    """Logs the summary and each metric's better direction, and alerts if the run stopped early.

    Args:
        run: The W&B run.
        summary: The summary given to `RunFolder.finish`; `stopped` says why a run ended early.
    """
    for name, metric in (summary.get("metrics") or {}).items():
        best = BEST.get(metric.get("higher_is_better"))
        if best is not None:
            run.define_metric(f"{metric_key(name)}/mean", summary=best)
    run.summary.update(flat_summary(summary))
    if summary.get("stopped"):
        text = f"{summary.get('plugin')} on {summary.get('model')}: {summary['stopped']}"
        run.alert("stopped early", text, level="WARN")


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Flattens a summary to W&B's keys.

    Example:
        >>> baseline = {"mean": 0.1, "low": 0.0, "high": 0.2}
        >>> metric = {"mean": 0.5, "low": 0.4, "n": 9, "baselines": {"random": baseline}}
        >>> list(flat_summary({"pairs": 9, "metrics": {"image.pointing": metric}}))[:3]
        ['pairs', 'image/pointing/mean', 'image/pointing/low']
        >>> flat_summary({"verdict": "none", "cost": {"tokens": 3}})
        {'verdict': 'none', 'cost/tokens': 3}
    """
    others = {key: value for key, value in summary.items() if key != "metrics"}
    flat = {key: value for key, value in flatten(others, "/") if value != {}}
    for name, metric in (summary.get("metrics") or {}).items():
        lines = {metric_key(name): metric}
        for baseline, values in (metric.get("baselines") or {}).items():
            lines[f"{metric_key(name)}/{baseline}"] = values
        for line, values in lines.items():
            numbers = ((key, values.get(key)) for key in INTERVAL)
            flat |= {f"{line}/{key}": value for key, value in numbers if value is not None}
    return flat


def metric_key(name: str) -> str:
    """Returns a metric's name in W&B, with slashes because W&B reads a dot as nesting.

    Example:
        >>> metric_key("image.pointing_game")
        'image/pointing_game'
    """
    return name.replace(".", "/")
