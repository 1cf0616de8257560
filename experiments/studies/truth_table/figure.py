"""The figure of the truth table: every method on two kinds of VLM, with what a map costs."""

from pathlib import Path

import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes

from experiments.studies.truth_table.measure import BASELINES

THINGS, PLACE, FADED = "#2a3f8f", "#d1600a", "#8a8a8a"


def draw(things: pd.DataFrame, place: pd.DataFrame, metric: str, file: Path) -> None:
    """Draws a row for each method, the best on things first.

    Args:
        things: Results on a VLM that goes by things.
        place: Results on one that goes by the background.
        metric: Column that is drawn, ½ by chance.
        file: PNG to write.
    """
    means = pd.DataFrame(
        {
            "things": things.groupby("method")[metric].mean(),
            "place": place.groupby("method")[metric].mean(),
            "seconds": things.groupby("method")["seconds"].mean(),
        }
    ).sort_values("things")
    drawn, axes = pyplot.subplots(figsize=(9, 0.27 * len(means) + 1.4), layout="constrained")
    for row, (method, mean) in enumerate(means.iterrows()):
        faded = method in BASELINES
        axes.plot([mean["things"], mean["place"]], [row, row], color="#dddddd", zorder=1)
        for group, colour in (("things", THINGS), ("place", PLACE)):
            axes.scatter(mean[group], row, s=34, color=FADED if faded else colour, zorder=2)
        axes.text(1.03, row, f"{mean['seconds']:.3f} s", va="center", fontsize=8)
    _label(axes, means.index)
    drawn.savefig(file, dpi=130)
    pyplot.close(drawn)


def _label(axes: Axes, methods: pd.Index) -> None:
    axes.set_yticks(
        range(len(methods)),
        [f"{name} (baseline)" if name in BASELINES else name for name in methods],
        fontsize=8,
    )
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.axvline(0.5, color="black", linewidth=0.8)
    axes.text(0.5, len(methods) - 0.2, "chance", ha="center", fontsize=8)
    axes.text(1.03, len(methods) - 0.2, "a map", fontsize=8)
    for colour, text in ((THINGS, "VLM that goes by things"), (PLACE, "by the background")):
        axes.scatter([], [], s=34, color=colour, label=text)
    axes.legend(loc="lower left", fontsize=8, frameon=False)
    axes.set_xlabel("how often what moves the score is hotter than what does not")
    axes.spines[["top", "right"]].set_visible(False)
