"""Rows of tables, and the columns that have a meaning."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vlminterp.errors import InputError

REQUIRED = ("image", "text")
TRUTH = ("mask", "segmentation", "boxes", "bbox")
"""Columns that say where the named thing is; in a row, the first that is not empty counts."""

COLUMNS = (*REQUIRED, "id", *TRUTH)
"""All columns that have a meaning; others are not read."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        number: Number of the row; 1 for the first row of data.
        place: Its place for messages, e.g. "line 7".
        values: Values by column; empty if the row is broken.
        problem: Reason why the row is broken; None if it is not.
    """

    number: int
    place: str
    values: Mapping[str, object]
    problem: str | None = None


@dataclass(frozen=True)
class Header:
    """The columns of a table.

    Attributes:
        columns: Their names, in order; for JSON lines those of the first row.
        written: Whether the table itself names them.
    """

    columns: tuple[str, ...]
    written: bool = True


def check_columns(path: Path, found: Iterable[str]) -> None:
    """Checks that a table has the required columns, and no two of one name that are read.

    Raises:
        InputError: It does not; the message names the columns.
    """
    columns = list(found)
    if missing := [name for name in REQUIRED if name not in columns]:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; "
            f"columns found: {', '.join(columns) or 'none'}"
        )
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise InputError(f"{path}: two columns are called {twice[0]}; rename one of them")
