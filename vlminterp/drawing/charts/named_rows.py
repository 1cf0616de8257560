"""The layout of charts of named rows: names left of a shared axis, numbers right of it."""

from collections.abc import Iterator

from markupsafe import Markup

from vlminterp.drawing.charts.axis import Axis
from vlminterp.drawing.charts.svg import element

WIDTH, NAMES, NUMBERS = 760.0, 130.0, 190.0
"""The whole chart, and what names and numbers take of it."""


def across(axis: Axis, value: float) -> float:
    """Returns the position of a value."""
    return axis.place(value, NAMES, WIDTH - NUMBERS - 10)


def grid(
    axis: Axis, top: float, bottom: float, unit: str, *, zero: bool = False
) -> Iterator[Markup]:
    """Draws the lines of an axis, its labels and its unit.

    Args:
        axis: The axis.
        top: The upper end of the lines.
        bottom: The lower end of the lines.
        unit: The values' unit.
        zero: Whether the line at 0 stands out.
    """
    for tick, label in zip(axis.ticks, axis.labels(), strict=True):
        x = across(axis, tick)
        style = "grid zero" if zero and tick == 0 else "grid"
        yield element("line", class_=style, x1=x, x2=x, y1=top, y2=bottom)
        yield element("text", label, class_="tick", x=x, y=bottom + 17, text_anchor="middle")
    middle = (NAMES + WIDTH - NUMBERS) / 2
    yield element("text", unit, class_="unit", x=middle, y=bottom + 37, text_anchor="middle")
