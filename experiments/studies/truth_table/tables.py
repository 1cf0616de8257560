"""Makes the tables of the truth table from what `measure` has written.

    python -m experiments.studies.truth_table.tables

Writes `summary.md`, a row for each method, `table.md`, all VLMs and conditions, and `table.png`.
Scenes without a cause have no true map and are left out; how many there are is told.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from experiments.studies.truth_table.figure import draw
from experiments.studies.truth_table.measure import BASELINES, NOTHING, OUTPUT
from vlminterp.metrics.intervals import Interval, mean_interval, paired_difference
from vlminterp.metrics.significance import holm, paired_p

HERE = Path(__file__).parent
METRICS = {
    "ranking": "ranking",
    "causal_precision": "precision",
    "causal_share": "share of heat",
    "pointing": "pointing",
    "pointing_near": "half a patch near",
}
MAIN = "ranking"
"""The metric whose chance level is ½ whatever the causes cover."""
BOUNDS = (0.0, 1.0)
SUMMARY = (
    "method",
    "things: ranking",
    "precision",
    "pointing, half a patch",
    "known; unknown object",
    "background: ranking",
    "share of heat",
    "absent told",
    "CPU s a map",
)
"""Columns of the summary."""
THINGS, PLACE = ("planted-base", "two-objects"), ("planted-shortcut", "answer")
"""The VLM and condition that stand for "goes by things", and for "goes by the background"."""


def results() -> pd.DataFrame:
    """Reads all results; one row for each VLM, condition, method and scene."""
    parts = []
    for file in sorted(OUTPUT.glob("*/*/*.parquet")):
        model, condition, method = file.parent.parent.name, file.parent.name, file.stem
        part = pd.read_parquet(file)
        parts.append(part.assign(model=model, condition=condition, method=method))
    if not parts:
        raise SystemExit(f"{OUTPUT} has no results; run experiments.studies.truth_table.measure")
    return pd.concat(parts, ignore_index=True)


def of(rows: pd.DataFrame, model: str, condition: str) -> pd.DataFrame:
    """Returns the rows of one VLM and condition."""
    return rows[(rows["model"] == model) & (rows["condition"] == condition)]


def causes(rows: pd.DataFrame) -> Iterator[str]:
    """Yields a table of how often nothing in the scene answers the caption."""
    yield "| VLM | condition | scenes | captions that nothing in the scene answers |"
    yield "|-|-|-|-|"
    asked = rows.drop_duplicates(["model", "condition", "scene"])
    for (model, condition), some in asked.groupby(["model", "condition"], sort=False):
        yield f"| {model} | {condition} | {len(some)} | {some['nothing'].mean():.2f} |"


def summary(rows: pd.DataFrame) -> Iterator[str]:
    """Yields a table with a row for each method, the best first."""
    caused = rows[~rows["nothing"]]
    things, place = of(caused, *THINGS), of(caused, *PLACE)
    order = things.groupby("method")[MAIN].mean().sort_values(ascending=False).index
    yield f"| {' | '.join(SUMMARY)} |"
    yield "|" + "-|" * len(SUMMARY)
    for method in order:
        own, other = (some[some["method"] == method] for some in (things, place))
        near = own.groupby(own["known"].astype(bool))["pointing_near"].mean()
        yield (
            f"| {method} | {cell(mean_interval(own[MAIN], bounds=BOUNDS))} "
            f"| {own['causal_precision'].mean():.3f} | {own['pointing_near'].mean():.3f} "
            f"| {near.get(True, np.nan):.2f}; {near.get(False, np.nan):.2f} "
            f"| {cell(mean_interval(other[MAIN], bounds=BOUNDS)) if len(other) else '–'} "
            f"| {other['causal_share'].mean():.3f} | {absent_told(rows, method)} "
            f"| {own['seconds'].mean():.3f} |"
        )


def absent_told(rows: pd.DataFrame, method: str) -> str:
    """Returns how often the map of a caption with a cause has more heat than that of an absent one.

    It is ½ for a method whose maps look the same whatever the caption.
    """
    own = rows[rows["method"] == method]
    named, absent = of(own, *THINGS), of(own, THINGS[0], "absent")
    heat, none = named[~named["nothing"]]["total"], absent[absent["nothing"]]["total"]
    if not len(heat) or not len(none):
        return "–"
    return f"{mannwhitneyu(heat, none).statistic / (len(heat) * len(none)):.2f}"


def table(rows: pd.DataFrame) -> Iterator[str]:
    """Yields for each VLM and condition a table of all methods, the best first."""
    asked = rows[~rows["condition"].isin(NOTHING) & ~rows["nothing"]]
    for (model, condition), some in asked.groupby(["model", "condition"], sort=False):
        scenes = some.groupby("method")["scene"].nunique()
        yield f"\n## {model}, {condition}\n"
        yield (
            "| method | scenes | " + " | ".join(METRICS.values()) + " | behind the best | s a map |"
        )
        yield "|" + "-|" * (len(METRICS) + 4)
        wide = some.pivot_table(index="scene", columns="method", values=MAIN)
        order = wide.mean().sort_values(ascending=False).index
        whole = scenes[scenes == scenes.max()].index  # Slow methods are asked of fewer scenes.
        best = next((name for name in order if name in whole and name not in BASELINES), order[0])
        ps = dict(
            zip(order, holm([paired_p(wide[name], wide[best]) for name in order]), strict=True)
        )
        for name in order:
            own = some[some["method"] == name]
            cells = [cell(mean_interval(own[metric], bounds=BOUNDS)) for metric in METRICS]
            behind = paired_difference(wide[best], wide[name])
            mark = "*" if ps[name] < 0.05 else ""
            difference = "" if name == best else f"{behind.mean:.3f}{mark}"
            seconds = own["seconds"].mean()
            yield (
                f"| {name} | {scenes[name]} | "
                + " | ".join([*cells, difference, f"{seconds:.3f}"])
                + " |"
            )


def cell(interval: Interval) -> str:
    """Returns a mean with its interval, for a table."""
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def main() -> None:
    """Writes `summary.md`, `table.md` and `table.png`."""
    rows = results()
    (HERE / "summary.md").write_text("\n".join(summary(rows)) + "\n")
    (HERE / "table.md").write_text("\n".join([*causes(rows), *table(rows)]) + "\n")
    caused = rows[~rows["nothing"]]
    draw(of(caused, *THINGS), of(caused, *PLACE), MAIN, HERE / "table.png")


if __name__ == "__main__":
    main()
