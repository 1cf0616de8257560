"""Tables read row by row: csv, tsv, jsonl, parquet. A broken row is yielded as one, not raised."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vlminterp.errors import InputError

REQUIRED = ("image", "text")
_PARQUET_BATCH = 64  # rows; they may hold whole pictures


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


def read_rows(path: Path) -> Iterator[Row]:
    """Reads a table, holding a few rows (of parquet at most a row group) at a time.

    Args:
        path: A `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.parquet` file.

    Yields:
        Its rows in order, broken ones included.

    Raises:
        InputError: The format is not known, the file can't be read, or a required column is
            missing.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: not a table; known are {', '.join(_READERS)}")
    try:
        yield from reader(path)
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror or error})") from error
    except csv.Error as error:  # in the header; those of rows are yielded
        raise InputError(f"{path}: malformed header ({error})") from error


def count_rows(path: Path, limit: int | None) -> int:
    """How many rows `read_rows` yields, at most `limit`; parquet says so without being read."""
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet

        rows = int(pyarrow.parquet.read_metadata(path).num_rows)
        return rows if limit is None else min(rows, limit)
    return sum(1 for _ in islice(read_rows(path), limit))


def _delimited(path: Path, delimiter: str) -> Iterator[Row]:
    # Bytes that are no UTF-8 become surrogates here and a broken row below.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader, [])]
        _check_columns(path, header)
        number = 0
        while True:
            line = f"line {reader.line_num + 1}"
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield Row(number, line, {}, f"malformed row ({error})")
                continue
            if not fields:
                continue  # a blank line
            number += 1
            if len(fields) == len(header):
                yield Row(number, line, dict(zip(header, fields, strict=True)))
            else:
                yield Row(
                    number, line, {}, f"{len(fields)} fields where there are {len(header)} columns"
                )


def _csv(path: Path) -> Iterator[Row]:
    return _delimited(path, ",")


def _tsv(path: Path) -> Iterator[Row]:
    return _delimited(path, "\t")


def _jsonl(path: Path) -> Iterator[Row]:
    number = 0
    checked = False
    with path.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            number += 1
            values, problem = _json_object(line)
            if values and not checked:
                _check_columns(path, values)
                checked = True
            yield Row(number, f"line {line_number}", values, problem)


def _json_object(line: bytes) -> tuple[dict[str, object], str | None]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}, "not UTF-8"
    except (json.JSONDecodeError, RecursionError) as error:
        return {}, f"not JSON ({error})"
    return (value, None) if isinstance(value, dict) else ({}, "not a JSON object")


def _parquet(path: Path) -> Iterator[Row]:
    import pyarrow  # heavy, and the other formats do without
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow.names)
            wanted = [name for name in file.schema_arrow.names if name in COLUMNS]
            number = 0
            for batch in file.iter_batches(batch_size=_PARQUET_BATCH, columns=wanted):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, f"row {number}", values)
    except pyarrow.ArrowException as error:
        raise InputError(f"{path}: not a parquet file, or a broken one ({error})") from error


COLUMNS = (*REQUIRED, "id", "mask", "boxes")
"""Every column that means something; others are not read."""

_READERS = {".csv": _csv, ".tsv": _tsv, ".jsonl": _jsonl, ".ndjson": _jsonl, ".parquet": _parquet}


def _check_columns(path: Path, found: Iterable[str]) -> None:
    columns = list(found)
    if missing := [name for name in REQUIRED if name not in columns]:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; "
            f"columns found: {', '.join(columns) or 'none'}"
        )
