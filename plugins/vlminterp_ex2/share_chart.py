"""Shares of descriptions, drawn side by side."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart

LABELS = {"uninformative": "nothing new", "non_visual": "not visual"}
"""By name of a share, what pages call it; one of a family goes by the family's name."""

Intervals = Mapping[str, Mapping[str, Any]]


def share_chart(
    title: str,
    series: Mapping[str, Intervals],
    unit: str = "share of descriptions",
    strong: str | None = None,
) -> Markup:
    """Draws what several have found of the same shares.

    Args:
        title: What the bars show.
        series: By name: intervals, as summaries keep them, by name of the share. What nobody could
            have a share of has no mean, and no bar.
        unit: Written below the axis.
        strong: The family whose row is the answer.

    Returns:
        The chart; nothing where no share has a mean.
    """
    rows = []
    for name in dict.fromkeys(name for found in series.values() for name in found):
        label = LABELS.get(name, name.removeprefix("says_"))
        known = {
            who: found[name]
            for who, found in series.items()
            if name in found and found[name]["mean"] is not None
        }
        if known:
            bars = {who: Bar.of(interval) for who, interval in known.items()}
            rows.append(BarRow(label, bars, strong=label == strong))
    return bar_chart(title, rows, unit) if rows else Markup("")
