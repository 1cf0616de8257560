"""Makes the tables and the figure of the truth table from what `measure` has written.

    python -m experiments.studies.truth_table.tables

Scenes without a cause have no true map and are left out; how many there are is told.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib import pyplot

from experiments.studies.truth_table.measure import BASELINES, OUTPUT
from vlminterp.metrics.intervals import Interval, mean_interval, paired_difference
from vlminterp.metrics.significance import holm, paired_p

HERE = Path(__file__).parent
METRICS = {
    "ranking": "ranking",
    "causal_precision": "precision",
    "causal_share": "share of heat",
    "pointing_near": "pointing",
}
MAIN = "ranking"
"""The metric whose chance level is ½ whatever the causes cover."""
BOUNDS = (0.0, 1.0)


def results() -> pd.DataFrame:
    """Reads all results; one row for each VLM, condition, method and scene with a cause."""
    parts = []
    for file in sorted(OUTPUT.glob("*/*/*.parquet")):
        model, condition, method = file.parent.parent.name, file.parent.name, file.stem
        part = pd.read_parquet(file)
        parts.append(part.assign(model=model, condition=condition, method=method))
    if not parts:
        raise SystemExit(f"{OUTPUT} has no results; run experiments.studies.truth_table.measure")
    return pd.concat(parts, ignore_index=True)


def table(rows: pd.DataFrame) -> Iterator[str]:
    """Yields lines of Markdown: for each condition all methods, the best first."""
    for (model, condition), some in rows.groupby(["model", "condition"], sort=False):
        scenes = some.groupby("method")["scene"].nunique()
        yield f"\n## {model}, {condition}\n"
        yield (
            "| method | scenes | " + " | ".join(METRICS.values()) + " | behind the best | s a map |"
        )
        yield "|" + "-|" * (len(METRICS) + 4)
        wide = some.pivot_table(index="scene", columns="method", values=MAIN)
        order = wide.mean().sort_values(ascending=False).index
        best = next(name for name in order if name not in BASELINES)
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


def figure(rows: pd.DataFrame, file: Path) -> None:
    """Draws ranking against seconds, on VLMs that go by things and on one that does not."""
    groups = {
        "VLMs that go by the things": rows[rows["model"] != "planted-shortcut"],
        "the VLM that goes by the background": rows[rows["model"] == "planted-shortcut"],
    }
    drawn, axes = pyplot.subplots(
        1, 2, figsize=(11, 4.5), sharex=True, sharey=True, layout="constrained"
    )
    for one, (title, some) in zip(axes, groups.items(), strict=True):
        some = some[~some["condition"].isin(["absent", "nonsense"])]
        for method, own in some.groupby("method"):
            place = (own["seconds"].mean(), own[MAIN].mean())
            if method in BASELINES:
                continue
            one.scatter(*place, s=22, color="#801f6c")
            one.annotate(method, place, xytext=(4, 3), textcoords="offset points", fontsize=8)
        one.axhline(0.5, color="black", linewidth=0.8)
        one.set_xscale("log")
        one.set_title(title)
        one.set_xlabel("CPU seconds a map")
        one.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("causes hotter than the rest: ½ by chance, 1 always")
    drawn.savefig(file, dpi=130)
    pyplot.close(drawn)


def main() -> None:
    """Writes `table.md` and `table.png`."""
    rows = results()
    nothing = rows.drop_duplicates(["model", "condition", "scene"])
    shares = nothing.groupby(["model", "condition"], sort=False)["nothing"].mean().reset_index()
    lines = ["| VLM | condition | captions that nothing in the scene answers |", "|-|-|-|"]
    lines += [f"| {a} | {b} | {share:.2f} |" for a, b, share in shares.itertuples(index=False)]
    caused = rows[~rows["nothing"]]
    (HERE / "table.md").write_text("\n".join([*lines, *table(caused)]) + "\n")
    figure(caused, HERE / "table.png")


if __name__ == "__main__":
    main()
