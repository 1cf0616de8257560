"""Judges metrics that need no truth: do they rank methods as the truth does?

    python -m experiments.studies.truth_table.judged

Reads what `measure` has written. For each VLM and condition, methods are ranked by their mean of
each metric and by the causal ranking (`MAIN` of `tables`); Kendall's τ of the two is 1 where they
agree, 0 where the metric says nothing, below 0 where it misleads.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from experiments.studies.truth_table.measure import BASELINES
from experiments.studies.truth_table.tables import MAIN, results
from vlminterp.metrics.agreement import ranking_agreement
from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.intervals import Interval

HERE = Path(__file__).parent
VARIANTS = {
    "blur": "blurred picture",
    "mean": "mean colour",
    "other": "another scene",
    "beyond": "beyond that of the map shuffled",
}
FILLS = ("blur", "mean", "other")
FILLED = ("insertion", "deletion", "keep_minus_delete", "sensitivity_n")
JUDGED = (
    "confidence_drop",
    "confidence_drop.beyond",
    "confidence_increase",
    *(f"{metric}.{fill}" for metric in FILLED for fill in FILLS),
    "road",
)
"""Metrics that are judged, of those that the results have."""


def judged(rows: pd.DataFrame) -> dict[tuple[str, str], dict[str, Interval]]:
    """Returns the agreement of each metric by VLM and condition; higher is made better."""
    methods = rows[~rows["method"].isin(BASELINES)]
    found = {}
    for (model, condition), some in methods.groupby(["model", "condition"], sort=False):
        truth = some.pivot(index="scene", columns="method", values=MAIN).dropna()
        wide = {
            metric: some.pivot(index="scene", columns="method", values=metric).loc[truth.index]
            for metric in JUDGED
            if metric in some and some[metric].notna().any()
        }
        found[str(model), str(condition)] = {
            metric: ranking_agreement(_sign(metric) * values, truth)
            for metric, values in wide.items()
        }
    return found


def _sign(metric: str) -> int:
    return 1 if METRICS[metric.partition(".")[0]].higher_is_better else -1


def lines(found: dict[tuple[str, str], dict[str, Interval]]) -> Iterator[str]:
    """Yields lines of Markdown: a row for each metric, then those that mislead by condition."""
    titles = [f"{model}, {condition}" for model, condition in found]
    yield "| metric | " + " | ".join(titles) + " |"
    yield "|" + "-|" * (len(titles) + 1)
    for metric in JUDGED:
        cells = [_cell(one[metric]) if metric in one else "–" for one in found.values()]
        if set(cells) != {"–"}:
            yield f"| {_title(metric)} | {' | '.join(cells)} |"
    yield ""
    for title, one in zip(titles, found.values(), strict=True):
        wrong = [_title(metric) for metric, tau in one.items() if tau.high < 0]
        scenes = next(iter(one.values())).n
        yield f"- {title} ({scenes} scenes with a cause): misleading: {', '.join(wrong) or 'none'}."


def _title(metric: str) -> str:
    name, dot, variant = metric.partition(".")
    title = name.replace("_", " ")
    return f"{title}, {VARIANTS[variant]}" if dot else title


def _cell(tau: Interval) -> str:
    told = f"{tau.mean:.2f} [{tau.low:.2f}, {tau.high:.2f}]"
    return f"**{told}**" if tau.high < 0 else told


def main() -> None:
    """Writes the table, `judged.md`."""
    rows = results()
    (HERE / "judged.md").write_text("\n".join(lines(judged(rows[~rows["nothing"]]))) + "\n")


if __name__ == "__main__":
    main()
