"""What a row of a table is, and which columns mean something."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vlminterp.errors import InputError

REQUIRED = ("image", "text")
TRUTH = ("mask", "segmentation", "boxes", "bbox")
"""Columns that say where what the text names is; of a row's the first that is not empty counts."""

COLUMNS = (*REQUIRED, "id", *TRUTH)
"""Every column that means something; others are not read."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes:
        number: 1 for the first row of data.
        place: Where it is, for messages, e.g. "line 7".
        values: By column; empty if the row is broken.
        problem: What is wrong with the row; None if nothing.
    """

    number: int
    place: str
    values: Mapping[str, object]
    problem: str | None = None


@dataclass(frozen=True)
class Header:
    """The columns of a table.

    Attributes:
        columns: Their names, in order; of JSON lines those of the first row.
        written: Whether the table itself names them.
    """

    columns: tuple[str, ...]
    written: bool = True


def check_columns(path: Path, found: Iterable[str]) -> None:
    """Refuses a table without a required column, or with two of one name.

    Raises:
        InputError: It is such a table; the message says what it has.
    """
    columns = list(found)
    if missing := [name for name in REQUIRED if name not in columns]:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; "
            f"columns found: {', '.join(columns) or 'none'}"
        )
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise InputError(f"{path}: two columns are called {twice[0]}; rename one of them")
