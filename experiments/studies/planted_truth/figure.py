"""Draws the gains of each family's words, in one panel for each VLM and score."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from experiments.studies.planted_truth.checks import PREFERENCES, margin
from experiments.studies.planted_truth.truth import Row
from vlminterp.planted.families import FAMILIES

# Okabe and Ito's blue and vermilion, which all colour vision tells apart; shapes differ too.
MARKS = {"presence": ("o", "#0072B2", -0.17), "content": ("D", "#D55E00", 0.17)}
NAMES = {"own": "own class", "contrastive": "own less other classes"}


def draw_gains(rows: Mapping[str, Row], out: Path) -> None:
    """Draws gains with their intervals.

    Args:
        rows: The truth about each VLM, by name.
        out: Path of the picture to write.
    """
    matplotlib.use("Agg")
    size = (1.75 * len(rows) + 1.0, 5.4)
    figure, panels = plt.subplots(
        len(NAMES), len(rows), figsize=size, sharey=True, sharex="row", layout="constrained"
    )
    for line, score in zip(panels, NAMES, strict=True):
        nothing = min(margin(rows, score, kind) for kind in MARKS)
        for axes, (name, row) in zip(line, rows.items(), strict=True):
            _panel(axes, name, row, score, nothing)
        line[0].set_ylabel(NAMES[score])
    for axes, name in zip(panels[0], rows, strict=True):
        axes.set_title(name, fontsize=10)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    figure.supxlabel("gain in cosine, mean over 40 concepts with its 95 % interval", fontsize=10)
    figure.savefig(out, dpi=110)
    plt.close(figure)


def _panel(axes: Axes, name: str, row: Row, score: str, nothing: float) -> None:
    axes.axvspan(-nothing, nothing, color="0.88", label="counts as nothing", zorder=0)
    planted = PREFERENCES.get(name)
    if planted:
        place = FAMILIES.index(planted)
        axes.axhspan(place - 0.5, place + 0.5, color="#F0E442", alpha=0.35, zorder=-1)
    for kind, (mark, colour, shift) in MARKS.items():
        found = row["gains"][score][kind]
        places = [FAMILIES.index(family) + shift for family in found]
        means = [triple[0] for triple in found.values()]
        ends = [[mean - low, high - mean] for mean, low, high in found.values()]
        axes.errorbar(
            means,
            places,
            xerr=list(zip(*ends, strict=True)),
            fmt=mark,
            color=colour,
            markersize=4,
            elinewidth=1.3,
            label=f"{kind} of true words",
        )
    axes.set_yticks(range(len(FAMILIES)), FAMILIES)
    axes.set_ylim(len(FAMILIES) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
