"""Plain tables with rows of any kind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from markupsafe import Markup, escape

from vlminterp.drawing.charts.svg import element
from vlminterp.drawing.numbers import NOTHING, decimals, number, worth

LONGEST = 300
PROSE = 40
"""Characters from which text is a sentence, which a narrow screen must not break to a column."""


@dataclass(frozen=True)
class Cell:
    """A number that is shown with markup, a colour or emphasis.

    Attributes:
        value: The number to sort by; None where there is none.
        shown: The cell's text or markup.
        strength: Strength of the cell's colour, 0…1.
        strong: Whether to emphasise the cell, e.g. as the answer.
    """

    value: float | None
    shown: Markup | str
    strength: float = 0.0
    strong: bool = False


def interval_cell(metric: Mapping[str, Any] | None, top: float = 0.0, **options: Any) -> Cell:
    """Returns a cell with a mean above its interval.

    Args:
        metric: `mean` and optionally `low` and `high`; None for an empty cell.
        top: The mean with the strongest colour; 0 for no colour.
        options: Further arguments of `Cell`.
    """
    mean = None if metric is None else metric.get("mean")
    if metric is None or mean is None:
        return Cell(None, NOTHING)
    low, high = metric.get("low"), metric.get("high")
    strength = min(max(mean / top, 0.0), 1.0) if top > 0 else 0.0
    if low is None or high is None:
        return Cell(mean, number(mean), strength, **options)
    places = min(worth(low, high), 3)
    ends = element("small", f"{decimals(low, places)} … {decimals(high, places)}")
    return Cell(mean, escape(decimals(mean, places)) + ends, strength, **options)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    caption: str = "",
    *,
    sortable: bool = False,
) -> Markup:
    """Writes a table as markup.

    Args:
        columns: The columns' headings.
        rows: The cells by row. Numbers are right-aligned, floats rounded to three digits; markup
            stays markup, other text is cut to `LONGEST` characters.
        caption: Text above the table; empty for none.
        sortable: Whether the page's script lets readers sort it by any column.
    """
    kept = [list(row) for row in rows]
    body = [
        element("tr", *(_cell(value, first=place == 0) for place, value in enumerate(row)))
        for row in kept
    ]
    numeric = [all(_is_number(row[place]) for row in kept) for place in range(len(columns))]
    heads = [
        element("th", column, scope="col", class_="figure" if right else None)
        for column, right in zip(columns, numeric, strict=True)
    ]
    above = [element("caption", caption)] if caption else []
    whole = element(
        "table",
        *above,
        element("thead", element("tr", *heads)),
        element("tbody", *body),
        class_="plain sortable" if sortable else "plain",
    )
    return element("div", whole, class_="scroll")


def rows_table(rows: Iterable[Mapping[str, Any]], limit: int) -> Markup:
    """Writes the first rows of a run's table, with every column that occurs in them.

    Args:
        rows: The rows, each a mapping from column to value.
        limit: The most rows to show.
    """
    shown = list(islice(rows, limit))
    columns = list(dict.fromkeys(name for row in shown for name in row))
    return table(columns, ([row.get(name) for name in columns] for row in shown))


def _cell(value: Any, *, first: bool) -> Markup:
    name, attributes = ("th", {"scope": "row"}) if first else ("td", {})
    if isinstance(value, Cell):
        style = f"--strength: {100 * value.strength:.0f}%" if value.strength else None
        kind = "figure strong" if value.strong else "figure"
        return element(name, value.shown, class_=kind, style=style, data_value=_exact(value.value))
    if value is not None and _is_number(value):
        shown = f"{value}" if isinstance(value, int) else number(value)
        return element(name, shown, class_="figure", data_value=_exact(value), **attributes)
    long = isinstance(value, str) and len(value) > PROSE
    return element(name, _text(value), class_="prose" if long else None, **attributes)


def _exact(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _is_number(value: Any) -> bool:
    """Tells whether a value suits a right-aligned column: a number, or missing."""
    return value is None or (isinstance(value, (int, float, Cell)) and not isinstance(value, bool))


def _text(value: Any) -> Markup:
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup(NOTHING)
    text = str(value)
    return escape(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
