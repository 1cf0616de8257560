"""The page of a run whose plugin has no page of its own, or can't be loaded."""

from itertools import chain

import pyarrow as pa
from markupsafe import Markup

from vlminterp.attribution.rows import KEPT
from vlminterp.report.attribution import attribution_content
from vlminterp.report.content import Content, Section, scores_section
from vlminterp.report.tables import rows_table
from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder

ROWS_ON_PAGE = 30
NOTE = "Mean and its 95 % interval."


def default_content(folder: RunFolder) -> Content:
    """Returns the pairs with their heatmaps for an attribution run, else the plain tables.

    Args:
        folder: Any run.
    """
    return attribution_content(folder) if _is_attribution(folder) else tables_content(folder)


def tables_content(folder: RunFolder) -> Content:
    """Returns the scores, then the first rows of every table.

    Args:
        folder: Any run.
    """
    tables = {"rows": folder.parts, **folder.tables()}
    lead = Markup("{} has written these tables; their first rows are below.")
    return Content(
        heading=Markup("{} on <em>{}</em>").format(folder.names["plugin"], folder.names["model"]),
        lead=lead.format(folder.names["plugin"]),
        sections=[
            *scores_section(folder.summary or {}, NOTE),
            *(_section(name, parts) for name, parts in tables.items() if len(parts)),
        ],
    )


def _is_attribution(folder: RunFolder) -> bool:
    """Tells whether all rows are the attribution runner's; also true before the first row."""
    return set(folder.tables()) <= {KEPT} and all(
        "side" in table.column_names or _all_skipped(table) for table in folder.parts.tables()
    )


def _all_skipped(table: pa.Table) -> bool:
    return "skipped" in table.column_names and table["skipped"].null_count == 0


def _section(name: str, parts: Parts) -> Section:
    count = sum(len(table) for table in parts.tables())
    rows = chain.from_iterable(table.to_pylist() for table in parts.tables())
    shown = rows_table(rows, ROWS_ON_PAGE)
    if count > ROWS_ON_PAGE:
        where = "rows" if name == "rows" else f"rows/{name}"
        rest = Markup('<p class="quiet">The first {} of {:,} rows; all are in <code>{}</code>.</p>')
        shown = rest.format(ROWS_ON_PAGE, count, f"{where}/*.parquet") + shown
    return Section(name, shown)
