"""A run's scores with intervals, from its rows."""

import math
from typing import TYPE_CHECKING, Any

from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.intervals import Interval, bootstrap_mean
from vlminterp.results.run_folder import RunFolder

if TYPE_CHECKING:
    import pandas as pd


def summarise(results: RunFolder) -> dict[str, Any]:
    """Means over pairs, each metric beside its controls.

    Args:
        results: A run folder whose parts are all written.

    Returns:
        What `RunFolder.finish` takes; metrics are named `SIDE.METRIC`.
    """
    rows = results.parts.rows()
    names = results.config["names"]
    skipped = rows["skipped"].notna() if "skipped" in rows else rows["pair"] < 0
    used = rows[~skipped]
    metrics: dict[str, Any] = {}
    for side in ("image", "text"):
        chosen = used[used["side"] == side] if "side" in used else used.iloc[:0]
        for metric in METRICS.values():
            if metric.name in chosen and chosen[metric.name].notna().any():
                metrics[f"{side}.{metric.name}"] = _metric(chosen, metric.name)
    return {
        "kind": "attribution",
        **names,
        "pairs": int(rows["pair"].nunique()),
        "skipped": int(rows.loc[skipped, "pair"].nunique()),
        "truncated": int(used.loc[used["truncated"].astype(bool), "pair"].nunique())
        if "truncated" in used
        else 0,
        "metrics": metrics,
    }


def _metric(rows: "pd.DataFrame", name: str) -> dict[str, Any]:
    facts = METRICS[name]
    controls = {
        column.removeprefix(f"{name}."): _interval(bootstrap_mean(rows[column].to_numpy(float)))
        for column in rows.columns
        if column.startswith(f"{name}.") and rows[column].notna().any()
    }
    return {
        **_interval(bootstrap_mean(rows[name].to_numpy(float))),
        "higher_is_better": facts.higher_is_better,
        "description": facts.meaning,
        "controls": controls,
    }


def _interval(interval: Interval) -> dict[str, Any]:
    """Its ends are None below two pairs, where nothing can be said."""
    ends = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    finite = {key: value if math.isfinite(value) else None for key, value in ends.items()}
    return {**finite, "n": interval.n}
