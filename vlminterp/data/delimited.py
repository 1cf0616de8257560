"""Reads separated values as users' programs write them: quoted or not, with a header or without."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from vlminterp.data.encodings import encoding_of
from vlminterp.data.picture_formats import SUFFIXES
from vlminterp.data.remote import is_url
from vlminterp.data.row import REQUIRED, Header, Row, check_columns
from vlminterp.errors import InputError

_DELIMITERS = (",", "\t", ";")
_LONGEST_QUOTE = 1000
"""Maximum number of lines that a quoted field may span."""
_LONGEST_FIELD = 2**24
"""Characters of a field; a caption is refused at far fewer, but by its id and for its length."""


class TableLayout(NamedTuple):
    """Layout of a table: the delimiter of its columns, and their names."""

    delimiter: str
    header: Header


def layout_of(path: Path, usual: str) -> TableLayout:
    """Finds the layout of a table by its first line.

    Args:
        path: The table.
        usual: The delimiter that its suffix promises; another is taken only if the first line then
            has the columns that are needed.

    Raises:
        InputError: It lacks a column, has one twice, or its first line is malformed.
        OSError: It can't be read.
    """
    with _opened(path) as file:
        line = next(file, "")
    for delimiter in (usual, *(other for other in _DELIMITERS if other != usual)):
        names = tuple(name.strip() for name in _split([line], delimiter) or ())
        if all(name in names for name in REQUIRED):
            check_columns(path, names)
            return TableLayout(delimiter, Header(names))
    if names := _names_without_header(line, usual):
        return TableLayout(usual, Header(names, written=False))
    found = _split([line], usual)
    if found is None:
        raise InputError(f"{path}: malformed header")
    check_columns(path, [name.strip() for name in found])
    raise AssertionError("a table with all columns was returned above")


def read_delimited(path: Path, usual: str) -> Iterator[Row]:
    """Reads a table, malformed rows included.

    A row that can't be read costs no other row: after a quote that is never closed, reading goes on
    at the next line.

    Args:
        path: The table.
        usual: The delimiter that its suffix promises.

    Raises:
        InputError: `layout_of` refuses it.
        OSError: It can't be read.
    """
    delimiter, header = layout_of(path, usual)
    with _opened(path) as file:
        if header.written:
            next(file, None)
        lines = _Lines(file, first=1 + header.written)
        number = 0
        while (line := lines.peek()) is not None:
            place = f"line {lines.number}"
            if not line.strip("\r\n"):
                lines.drop(1)
                continue
            number += 1
            fields, problem = _record(lines, delimiter, len(header.columns))
            values = {} if problem else dict(zip(header.columns, fields, strict=True))
            yield Row(number, place, values, problem)


class _Lines:
    """Lines of a file, which can be looked at before they are taken."""

    def __init__(self, file: Iterator[str], first: int) -> None:
        self.number = first
        """Number of the next line; 1 is the file's first."""
        self._file = file
        self._ahead: deque[str] = deque()

    def peek(self, place: int = 0) -> str | None:
        """Returns the next line, or the one `place` lines behind it; None beyond the end."""
        while len(self._ahead) <= place:
            line = next(self._file, None)
            if line is None:
                return None
            self._ahead.append(line)
        return self._ahead[place]

    def drop(self, count: int) -> None:
        """Takes lines that were looked at."""
        for _ in range(count):
            self._ahead.popleft()
        self.number += count


def _record(lines: _Lines, delimiter: str, width: int) -> tuple[Sequence[str], str | None]:
    """Takes a record's lines; returns its fields, and what is wrong with them or None.

    Captions hold commas and semicolons, so with these delimiters quotes have their usual meaning.
    They hold no tabs: in a tsv a line is split with its quotes as letters if it then has as many
    fields as columns, and would be malformed or swallow other such lines as a quoted record.
    """
    used = 0

    def looked_at() -> Iterator[str]:
        nonlocal used
        while used < _LONGEST_QUOTE and (line := lines.peek(used)) is not None:
            used += 1
            yield line

    problem = None
    fields = _split(looked_at(), delimiter)
    if fields is None:
        problem = "malformed row: a quote is not closed, or text follows a closing one"
    elif len(fields) != width:
        problem = f"{len(fields)} fields where there are {width} columns"
    if delimiter == "\t" and (problem or used > 1):
        unquoted = [_unquoted(lines.peek(place) or "", delimiter) for place in range(used)]
        # The lines after a malformed record may belong to other records.
        if all(len(line) == width for line in (unquoted[:1] if problem else unquoted)):
            lines.drop(1)
            return unquoted[0], None
    lines.drop(1 if fields is None else used)
    return fields or (), problem


def _split(lines: Iterable[str], delimiter: str) -> list[str] | None:
    """Returns the fields of the first record; None if its quotes are malformed."""
    usual = csv.field_size_limit(_LONGEST_FIELD)
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(usual)


def _unquoted(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)


def _names_without_header(line: str, delimiter: str) -> tuple[str, ...]:
    """Returns names of two columns, if exactly one clearly holds pictures; else none."""
    fields = _split([line], delimiter)
    if fields is None or (delimiter == "\t" and len(fields) != 2):
        fields = _unquoted(line, delimiter)
    pictures = [is_url(field) or field.strip().lower().endswith(SUFFIXES) for field in fields]
    if pictures == [True, False]:
        return ("image", "text")
    return ("text", "image") if pictures == [False, True] else ()


def _opened(path: Path) -> IO[str]:
    encoding = encoding_of(path)
    # Bytes that are no text become surrogates here, and make their row a broken one later.
    lenient = "surrogateescape" if encoding.startswith("utf-8") else "surrogatepass"
    return path.open(encoding=encoding, errors=lenient, newline="")
