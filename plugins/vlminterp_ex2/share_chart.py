"""Shares of descriptions, drawn side by side."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart

LABELS = {"uninformative": "nothing new", "non_visual": "not visual"}
"""Labels of shares on pages, by name; a family's share goes by the family's name."""

Intervals = Mapping[str, Mapping[str, Any]]


def share_chart(
    title: str,
    series: Mapping[str, Intervals],
    unit: str = "share of descriptions",
    strong: str | None = None,
) -> Markup:
    """Draws the same shares as found by several series, side by side.

    Args:
        title: The chart's title.
        series: Intervals, as summaries keep them, by names of the series and the share. A share
            without a mean has no bar.
        unit: Unit written below the axis.
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
