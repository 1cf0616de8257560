"""Plain tables of any rows."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from markupsafe import Markup, escape

from vlminterp.report.numbers import NOTHING, number
from vlminterp.report.svg import element

LONGEST = 300


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> Markup:
    """A table as markup.

    Args:
        columns: Their heads.
        rows: Numbers are rounded to three digits and stand at the right; markup stays markup.
        caption: Stands above the table.
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
        class_="plain",
    )
    return element("div", whole, class_="scroll")


def rows_table(rows: Iterable[Mapping[str, Any]], limit: int) -> Markup:
    """The first rows of a run's table, with every column that these have.

    Args:
        rows: Each by column.
        limit: How many are shown at most.
    """
    shown = list(islice(rows, limit))
    columns = list(dict.fromkeys(name for row in shown for name in row))
    return table(columns, ([row.get(name) for name in columns] for row in shown))


def _cell(value: Any, *, first: bool) -> Markup:
    name, attributes = ("th", {"scope": "row"}) if first else ("td", {})
    if value is not None and _is_number(value):
        shown = f"{value}" if isinstance(value, int) else number(value)
        return element(name, shown, class_="figure", **attributes)
    return element(name, _text(value), **attributes)


def _is_number(value: Any) -> bool:
    """Whether a value, if there is one, stands at the right of its column."""
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _text(value: Any) -> Markup:
    if isinstance(value, Markup):
        return value
    if value is None:
        return Markup(NOTHING)
    text = str(value)
    return escape(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
