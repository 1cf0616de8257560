"""The page of one row: the pair with its maps, or all that the row says."""

from typing import Any

import pandas as pd
from markupsafe import Markup
from vlminterp_attribution.page import STYLE, pair_columns

from vlminterp.attribution.rows import explained_part, methods_of
from vlminterp.data.images import read_image
from vlminterp.errors import InputError, ResultsError
from vlminterp.report.attribution import pair_cards, scale_style
from vlminterp.report.cards import data_uri
from vlminterp.report.templating import environment
from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder
from vlminterp_app.frames import fragment
from vlminterp_app.rows import MAIN, PART, PLACE, read_rows, shown

CONCEPTS = "concepts"
"""The table in which runs over concepts keep a picture of each."""


def row_page(run: RunFolder, table: str, place: int) -> str:
    """Returns the page of one row.

    Args:
        run: The run.
        table: The name of the table.
        place: The row's place in it.

    Raises:
        ResultsError: There is no such row: the run was computed again.
    """
    frame = read_rows(run, table)
    found = frame[frame[PLACE] == place]
    if found.empty:
        raise ResultsError("this row is no longer there: choose the run again")
    row = found.iloc[0]
    if table == MAIN and "side" in frame:
        return _pair_page(run, int(row[PART]), int(row["pair"]))
    told = shown(frame)[frame[PLACE] == place].iloc[0].dropna().drop(PLACE)
    return _plain_page(run, table, told, row)


def _pair_page(run: RunFolder, part: int, pair: int) -> str:
    """Returns the page of a pair: a column per method, or a card where rows name no method."""
    methods = methods_of(run)
    asked: list[str | None] = [*methods] or [None]
    results = {
        method: result
        for method in asked
        for result in explained_part(run, part, method)
        if result.pair == pair
    }
    if not methods:
        return fragment(pair_cards(run.path, list(results.values()), 1), scale_style())
    return fragment(pair_columns(run, {str(name): one for name, one in results.items()}), STYLE)


def _plain_page(run: RunFolder, table: str, told: "pd.Series[Any]", row: "pd.Series[Any]") -> str:
    template = environment("vlminterp_app").get_template("row.html.j2")
    picture = _picture(run, run.parts if table == MAIN else run.table(table), row)
    return fragment(Markup(template.render(told=told.to_dict(), picture=picture)))


def _picture(run: RunFolder, parts: Parts, row: "pd.Series[Any]") -> str | None:
    """Returns the first saved picture of a row, or its concept's, as a data URI; None without."""
    name = _saved(row.tolist(), parts.pictures(int(row[PART])))
    table = run.table(CONCEPTS)
    concepts = table.rows()
    if name is None and "concept" in row and {"concept", "picture"} <= set(concepts):
        own = concepts.loc[concepts["concept"] == row["concept"], "picture"]
        name = _saved(own.tolist(), frozenset().union(*map(table.pictures, table)))
    if name is None:
        return None
    try:
        return data_uri(read_image(run.path / name))
    except InputError:
        return None


def _saved(values: list[Any], saved: frozenset[str]) -> str | None:
    """Returns the first value that is the path of a picture that the run has saved."""
    return next((one for one in values if isinstance(one, str) and one in saved), None)
