"""Reads a user's bank of descriptions: a csv of concept, family, text and perhaps frame."""

import csv
from collections.abc import Iterator
from pathlib import Path

from vlminterp.description.bank import BankRow
from vlminterp.errors import InputError

REQUIRED = ("concept", "family", "text")


def read_bank(path: Path) -> list[BankRow]:
    """Reads a bank from a csv file.

    Args:
        path: A csv, UTF-8. `concept` is an id or a name, empty for all concepts; `family` is empty
            for neutral texts; `text` may hold the placeholders of `vlminterp.description.bank`;
            `frame` is optional.

    Returns:
        The bank's rows, in order; at least one.

    Raises:
        InputError: The file can't be read, lacks a column or has no rows, or a row is broken; the
            message says which line.
    """
    try:
        # Bytes that aren't UTF-8 become surrogates here, and are refused below with their line.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = list(_rows(path, file))
    except FileNotFoundError as error:
        raise InputError(f"no bank at {path}; check plugin.bank=") from error
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror or error})") from error
    if not rows:
        raise InputError(f"{path}: has no rows")
    return rows


def _rows(path: Path, lines: Iterator[str]) -> Iterator[BankRow]:
    reader = csv.reader(lines, strict=True)
    header: list[str] = []
    while True:
        place = f"{path}, line {reader.line_num + 1}"
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise InputError(f"{place}: malformed row ({error})") from error
        if fields is None:
            break
        if not header:
            header = [name.strip() for name in fields]
            _check_header(path, header)
        elif fields:  # else a blank line
            yield _row(place, header, fields)
    if not header:
        _check_header(path, header)


def _check_header(path: Path, header: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in header]:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; "
            f"columns found: {', '.join(header) or 'none'}"
        )


def _row(place: str, header: list[str], fields: list[str]) -> BankRow:
    if len(fields) != len(header):
        raise InputError(f"{place}: {len(fields)} fields where there are {len(header)} columns")
    values = {name: " ".join(field.split()) for name, field in zip(header, fields, strict=True)}
    for name, value in values.items():
        if not value.isprintable():
            raise InputError(f"{place}: column {name} is not valid UTF-8")
    if not values["text"]:
        raise InputError(f"{place}: the text is empty")
    try:
        return BankRow(
            values["concept"], values["family"], values["text"], values.get("frame", ""), place
        )
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
