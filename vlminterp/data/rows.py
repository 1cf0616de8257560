"""Reads tables row by row: csv, tsv, jsonl, parquet. Broken rows are yielded and marked."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from vlminterp.data.delimited import layout_of, read_delimited
from vlminterp.data.encodings import encoding_of
from vlminterp.data.row import COLUMNS, Header, Row, check_columns
from vlminterp.errors import InputError

_PARQUET_BATCH = 64  # rows; they may hold whole pictures
_DELIMITED = {".csv": ",", ".tsv": "\t"}


def read_rows(path: Path) -> Iterator[Row]:
    """Reads a table, holding a few rows (of parquet at most a row group) at a time.

    Args:
        path: A `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.parquet` file; text in UTF-8, or in UTF-16
            with its byte order mark.

    Yields:
        Its rows in order, broken ones included.

    Raises:
        InputError: The format is not known, the file can't be read, or a required column is
            missing or appears twice.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: not a table; known are {', '.join(_READERS)}")
    try:
        yield from reader(path)
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror or error})") from error
    except UnicodeError as error:
        raise InputError(f"{path}: is damaged; it begins as {encoding_of(path)}") from error


def header_of(path: Path) -> Header:
    """Reads which columns a table has.

    Args:
        path: The table; see `read_rows`.

    Raises:
        InputError: `read_rows` would raise one.
    """
    suffix = path.suffix.lower()
    if suffix in _DELIMITED:
        next(read_rows(path), None)  # its messages are better
        return layout_of(path, _DELIMITED[suffix]).header
    if suffix == ".parquet":
        next(read_rows(path), None)
        import pyarrow.parquet

        return Header(tuple(pyarrow.parquet.read_schema(path).names))
    return Header(next((tuple(row.values) for row in read_rows(path) if row.values), ()))


def count_rows(path: Path, limit: int | None) -> int:
    """Counts the rows that `read_rows` yields, up to `limit`; parquet tells without being read."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet

        rows = int(pyarrow.parquet.read_metadata(path).num_rows)
        return rows if limit is None else min(rows, limit)
    return sum(1 for _ in islice(read_rows(path), limit))


def _jsonl(path: Path) -> Iterator[Row]:
    number = 0
    checked = False
    for line_number, line in enumerate(_json_lines(path), start=1):
        if not line.strip():
            continue
        number += 1
        values, problem = _json_object(line)
        if values and not checked:
            check_columns(path, values)
            checked = True
        yield Row(number, f"line {line_number}", values, problem)


def _json_lines(path: Path) -> Iterable[bytes]:
    encoding = encoding_of(path)
    if encoding.startswith("utf-8"):
        with path.open("rb") as file:  # a line that is no UTF-8 breaks only its own row
            yield from file
    else:
        with path.open(encoding=encoding) as text:
            yield from (line.encode() for line in text)


def _json_object(line: bytes) -> tuple[dict[str, object], str | None]:
    try:
        value = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_unique)
    except UnicodeDecodeError:
        return {}, "not UTF-8"
    except (json.JSONDecodeError, RecursionError) as error:
        return {}, f"not JSON ({error})"
    except InputError as error:
        return {}, str(error)
    return (value, None) if isinstance(value, dict) else ({}, "not a JSON object")


def _unique(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two values are called {twice}")
    return found


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow  # heavy, and not needed for other formats
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow.names)
            wanted = [name for name in file.schema_arrow.names if name in COLUMNS]
            number = 0
            for batch in file.iter_batches(batch_size=_PARQUET_BATCH, columns=wanted):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, f"row {number}", values)
    except pyarrow.ArrowException as error:
        raise InputError(f"{path}: not a parquet file, or a broken one ({error})") from error


_READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    **{suffix: partial(read_delimited, usual=usual) for suffix, usual in _DELIMITED.items()},
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}
