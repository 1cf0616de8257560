"""A search over all captions of a run whose page shows some of its pairs.

The captions stand in scripts beside the page, some thousand in each, which the page loads one after
another when a reader searches: it opens as fast for a million pairs as for a hundred, and needs no
server.
"""

import json
import math
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from vlminterp.attribution.telling import BY
from vlminterp.report.templating import environment
from vlminterp.results.run_folder import SEARCH, RunFolder

CHUNK = 10_000
"""Pairs in a file, about a megabyte."""
COLUMNS = ("pair", "id", "text", "passport")
SIMILARITY = "similarity"

Row = dict[str, Any]


def search_form(folder: RunFolder, explained: int) -> Markup:
    """Returns the form, which reads the files that `search_files` makes.

    Args:
        folder: A run whose rows the attribution runner wrote.
        explained: The number of its pairs that were not skipped.
    """
    form = environment().get_template("search.html.j2")
    files = math.ceil(explained / CHUNK)
    scores = _scores(folder)
    return Markup(form.render(folder=SEARCH, files=files, explained=explained, scores=scores))


def search_files(folder: RunFolder) -> Iterator[tuple[str, bytes]]:
    """Yields the path and the content of each file beside the page.

    Args:
        folder: A run whose rows the attribution runner wrote.
    """
    names = (*COLUMNS, *_scores(folder))
    for number, rows in enumerate(_chunks(_pairs(folder, names))):
        found = [[row.get(name) for name in names] for row in rows]
        # It can't end a script or a line: the page loads it as a file of its own.
        yield f"{SEARCH}/{number:04d}.js", f"foundCaptions({json.dumps(found)});\n".encode()


def _scores(folder: RunFolder) -> list[str]:
    """Returns the similarity, after the first score that pairs are ranked by, if rows have one."""
    first = next(folder.parts.tables(), pa.table({}))
    ranked = [name for name in BY if name in first.column_names]
    return list(dict.fromkeys([*ranked[:1], SIMILARITY]))


def _pairs(folder: RunFolder, names: Sequence[str]) -> Iterator[Row]:
    """Yields the first row of each pair that was not skipped: image side, first method."""
    last = None
    for table in folder.parts.tables():
        for row in _columns(table, [*names, "skipped"]).to_pylist():
            if row["pair"] != last and row.get("skipped") is None:
                last = row["pair"]
                yield row


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _columns(table: pa.Table, names: Sequence[str]) -> pa.Table:
    return table.select([name for name in dict.fromkeys(names) if name in table.column_names])
