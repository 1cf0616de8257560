"""Horizontal bar charts with intervals, which compare how much several things matter."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from markupsafe import Markup

from vlminterp.drawing.charts.axis import Axis
from vlminterp.drawing.charts.named_rows import NAMES, NUMBERS, WIDTH, across, grid
from vlminterp.drawing.charts.svg import drawing, element, legend, row_name
from vlminterp.drawing.numbers import decimals, number, worth

MEANS = WIDTH - NUMBERS + 60.0
THICK, BETWEEN, ROW_GAP, FOOT, HEAD = 16.0, 5.0, 16.0, 44.0, 20.0


@dataclass(frozen=True)
class Bar:
    """A mean, and its interval if there is one."""

    mean: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, metric: Mapping[str, Any]) -> Self:
        """Creates a bar from a summary's metric, with keys `mean` and perhaps `low`, `high`."""
        return cls(metric["mean"], metric.get("low"), metric.get("high"))

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the interval; the mean where there is none."""
        return (
            self.mean if self.low is None else self.low,
            self.mean if self.high is None else self.high,
        )


@dataclass(frozen=True)
class BarRow:
    """The bars that are drawn together under one name.

    Attributes:
        name: The row's name.
        bars: The bars by series; a series may be missing.
        strong: Whether the row is highlighted by a bold name.
    """

    name: str
    bars: Mapping[str, Bar] = field(default_factory=dict)
    strong: bool = False


def bar_chart(
    title: str, rows: Sequence[BarRow], unit: str, band: tuple[float, float] | None = None
) -> Markup:
    """Draws bars from zero, with their intervals and numbers.

    Args:
        title: Name of the chart; screen readers read it out, then every number.
        rows: Rows from top to bottom. Series get colours in the order of their first appearance.
        unit: The values' unit, written below the axis.
        band: Range of values that count as no effect; it is shaded.

    Returns:
        A legend, if there is more than one series, and an `<svg>`.
    """
    series = list(dict.fromkeys(name for row in rows for name in row.bars))
    bars = [bar for row in rows for bar in row.bars.values()]
    axis = Axis.over(
        [*(end for bar in bars for end in (*bar.ends, bar.mean)), *(band or ())], zero=True
    )
    # one decimal more than the axis shows, and up to three where intervals are narrow
    narrowest = max((worth(*bar.ends) for bar in bars if bar.low is not None), default=0)
    places = max(axis.places + 1, min(narrowest, 3))
    row_height = len(series) * (THICK + BETWEEN) + ROW_GAP
    bottom = HEAD + len(rows) * row_height
    parts: list[Markup] = [*grid(axis, HEAD, bottom, unit, zero=True), *_heads()]
    if band:
        left, right = across(axis, band[0]), across(axis, band[1])
        parts.insert(
            0,
            element(
                "rect", class_="band", x=left, y=HEAD, width=right - left, height=bottom - HEAD
            ),
        )
    for place, row in enumerate(rows):
        middle = HEAD + (place + 0.5) * row_height
        parts.extend(_row(row, series, axis, middle, places))
    label = f"{title}, {unit}. " + "; ".join(_spoken(row) for row in rows)
    return legend(series) + drawing(label, WIDTH, bottom + FOOT, *parts, class_="bars")


def _row(
    row: BarRow, series: Sequence[str], axis: Axis, middle: float, places: int
) -> Iterator[Markup]:
    shown = [name for name in series if name in row.bars]
    height = len(shown) * (THICK + BETWEEN) - BETWEEN
    top = middle - height / 2
    style = "name strong" if row.strong else "name"
    yield row_name(row.name, class_=style, x=NAMES - 12, y=middle + 5)
    for place, name in enumerate(shown):
        y = top + place * (THICK + BETWEEN)
        yield from _bar(row.bars[name], f"{row.name}, {name}", series.index(name) + 1, axis, y)
        yield _written(row.bars[name], places, y)


def _bar(bar: Bar, name: str, series: int, axis: Axis, y: float) -> Iterator[Markup]:
    if not math.isfinite(bar.mean):
        return
    zero, end = across(axis, 0.0), across(axis, bar.mean)
    left, width = min(zero, end), max(abs(end - zero), 1.0)
    hover = element("title", f"{name}: {_interval(bar)}")
    yield element(
        "rect", hover, class_=f"bar series-{series}", x=left, y=y, width=width, height=THICK, rx=2
    )
    if bar.low is not None and bar.high is not None:
        low, high, middle = across(axis, bar.low), across(axis, bar.high), y + THICK / 2
        caps = f"M{low:.1f} {middle - 4:.1f}v8M{high:.1f} {middle - 4:.1f}v8"
        line = f"M{low:.1f} {middle:.1f}H{high:.1f}{caps}"
        # Drawn twice: a halo in the background's colour sets the line off from the bar.
        yield element("path", class_="range halo", d=line)
        yield element("path", class_="range", d=line)


def _written(bar: Bar, places: int, y: float) -> Markup:
    """Writes the numbers at the right: the mean, and in a softer colour its interval."""
    shown = decimals(bar.mean, places) if math.isfinite(bar.mean) else number(None)
    mean = element("tspan", shown, x=MEANS, text_anchor="end")
    interval = Markup("")
    if bar.low is not None and bar.high is not None:
        ends = f"{decimals(bar.low, places)} … {decimals(bar.high, places)}"
        interval = element("tspan", ends, class_="soft", x=WIDTH, text_anchor="end")
    return element("text", mean, interval, class_="value", y=y + 13)


def _heads() -> Iterator[Markup]:
    yield element("text", "mean", class_="tick", x=MEANS, y=12, text_anchor="end")
    yield element("text", "95 % interval", class_="tick", x=WIDTH, y=12, text_anchor="end")


def _spoken(row: BarRow) -> str:
    return f"{row.name}: " + ", ".join(f"{name} {_interval(bar)}" for name, bar in row.bars.items())


def _interval(bar: Bar) -> str:
    if bar.low is None or bar.high is None:
        return number(bar.mean)
    return f"{number(bar.mean)} ({number(bar.low)} to {number(bar.high)})"
