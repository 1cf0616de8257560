"""An explained pair as a figure of matplotlib."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from PIL import Image

from vlminterp.drawing.overlay import STOPS
from vlminterp.drawing.signed import AGAINST, FOR

LINE = 48
"""Characters in a line of the title; matplotlib's own wrapping would read `$` as mathematics."""


def plotted(
    overlay: Image.Image,
    title: str,
    ends: tuple[float, float] | None,
    words: Sequence[tuple[str, float]],
    unit: str,
) -> Figure:
    """Draws an overlay with its scale, and bars of the words' scores beside it.

    Args:
        overlay: The picture below its heatmap.
        title: The caption.
        ends: Ends of the heatmap's scale, the lower one below 0 if it is signed; None without one.
        words: Each word with its score; may be empty.
        unit: The unit of all scores.

    Returns:
        A figure that pyplot does not hold on to.
    """
    ratios = [3, 2] if words else [1]
    drawn, axes = pyplot.subplots(
        1,
        len(ratios),
        figsize=(4.6 * len(ratios), 4),
        width_ratios=ratios,
        layout="constrained",
        squeeze=False,
    )
    axes[0, 0].imshow(np.asarray(overlay))
    axes[0, 0].set_axis_off()
    axes[0, 0].set_title(fill(title, LINE), fontsize="medium", parse_math=False)
    if ends is not None:
        scale = ScalarMappable(Normalize(*ends), _colour_map(signed=ends[0] < 0))
        drawn.colorbar(scale, ax=axes[0, 0], label=unit, shrink=0.8)
    if words:
        _bars(axes[0, 1], words, unit)
    pyplot.close(drawn)  # or a notebook would show it twice
    return drawn


def _bars(axes: Axes, words: Sequence[tuple[str, float]], unit: str) -> None:
    scores = [score for _, score in words]
    colours = ["#5b9bd5" if score < 0 else "#f39a2b" for score in scores]
    axes.barh(range(len(words)), scores, color=colours)
    axes.set_yticks(range(len(words)), [word for word, _ in words], parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(unit)
    axes.spines[["top", "right"]].set_visible(False)


def _colour_map(*, signed: bool) -> Colormap:
    """Returns the colours of overlays: from none to the highest score, or from against to for."""
    if signed:
        ends = [tuple(colour / 255) for colour in (AGAINST, FOR)]
        return LinearSegmentedColormap.from_list("signed", [ends[0], (1.0, 1.0, 1.0), ends[1]])
    return LinearSegmentedColormap.from_list("heat", ["white", *(f"#{stop}" for stop in STOPS)])
