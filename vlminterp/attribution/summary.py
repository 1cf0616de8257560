"""A run's scores with intervals, from its rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vlminterp.attribution.passport.split import splits_of
from vlminterp.attribution.rows import is_measured
from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.intervals import mean_interval
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.summary import metric

if TYPE_CHECKING:
    import pandas as pd


def summarise(results: RunFolder) -> dict[str, Any]:
    """Averages each metric and its baselines over pairs.

    Args:
        results: A run folder whose parts are all written.

    Returns:
        A summary for `RunFolder.finish`; metrics are named `SIDE.METRIC`, or `SIDE.METHOD.METRIC`
        where several methods were run. `passports` counts maps by the word on their passport; by
        method and word where there are several methods.
    """
    rows = results.parts.rows(only=is_measured)
    names, splits = results.config["names"], splits_of(results)
    skipped = rows["skipped"].notna() if "skipped" in rows else rows["pair"] < 0
    used = rows[~skipped]
    metrics: dict[str, Any] = {}
    for name, chosen in _groups(used):
        for known in METRICS.values():
            if known.name in chosen and chosen[known.name].notna().any():
                metrics[f"{name}.{known.name}"] = _metric(chosen, known.name)
    return {
        "kind": "attribution",
        **names,
        "pairs": int(rows["pair"].nunique()),
        "skipped": int(rows.loc[skipped, "pair"].nunique()),
        "truncated": int(used.loc[used["truncated"].astype(bool), "pair"].nunique())
        if "truncated" in used
        else 0,
        "with_truth": int(used.loc[used["has_mask"].notna(), "pair"].nunique())
        if "has_mask" in used
        else 0,
        **({"passports": splits if len(splits) > 1 else splits.popitem()[1]} if splits else {}),
        "metrics": metrics,
    }


def _groups(rows: "pd.DataFrame") -> Iterator[tuple[str, "pd.DataFrame"]]:
    """Yields the rows of each side, or of each side and method where there are several methods."""
    several = "method" in rows and rows["method"].nunique() > 1
    for side in ("image", "text"):
        chosen = rows[rows["side"] == side] if "side" in rows else rows.iloc[:0]
        if not several:
            yield side, chosen
            continue
        for method in chosen["method"].unique():
            yield f"{side}.{method}", chosen[chosen["method"] == method]


def _metric(rows: "pd.DataFrame", name: str) -> dict[str, Any]:
    facts = METRICS[name]
    baselines = {
        column.removeprefix(f"{name}."): mean_interval(
            rows[column].to_numpy(float), bounds=facts.range
        )
        for column in rows.columns
        if column.startswith(f"{name}.") and rows[column].notna().any()
    }
    return metric(
        mean_interval(rows[name].to_numpy(float), bounds=facts.range),
        higher_is_better=facts.higher_is_better,
        description=facts.meaning,
        baselines=baselines,
    )
