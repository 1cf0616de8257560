"""A run's rows and arrays, one pair of files per part, so that a killed run loses one part."""

import errno
import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import safetensors.numpy
from numpy.typing import NDArray

from vlminterp.errors import ResultsError
from vlminterp.results.atomic import remove_leftovers, write_whole
from vlminterp.results.plain import plain

if TYPE_CHECKING:
    import pandas as pd

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
ROWS_DIGEST = b"vlminterp.rows.sha256"
ARRAYS_DIGEST = b"vlminterp.arrays.sha256"
PICTURES_DIGESTS = b"vlminterp.pictures.sha256"
FOLDER = 1000
"""Parts in a folder: later ones lie in folders below it, since file systems dislike long lists."""


class Parts:
    """The parts of one table: `rows/000000.parquet` beside `arrays/000000.safetensors`, and so on.

    A run's other tables have such files in folders of their own: `rows/NAME/000000.parquet`. Each
    thousand parts after the first have a folder below: `rows/+001/001000.parquet`, whose name no
    table can have.

    A part exists if its rows do, and they are written last. Rows carry the digests of their arrays
    and of the pictures that they name: a part that a power loss or a bad disk has damaged counts as
    absent and is made again. Reading a part checks it; `present` and `numbers` only look for files,
    so that they are fast however many parts there are.
    """

    def __init__(
        self, folder: Path, table: str = "", pictures: dict[str, bytes] | None = None
    ) -> None:
        """Notes the paths, and reads nothing yet.

        Args:
            folder: The run folder; it need not exist.
            table: The table's name; empty for the run's main table.
            pictures: Digests of the pictures that the run has saved, by their path in the folder;
                those of a part are taken out once it is written, so that memory does not grow.
        """
        self._folder = folder
        self._pictures = {} if pictures is None else pictures
        self._rows = folder / "rows" / table
        self._arrays = folder / "arrays" / table
        self._whole: dict[int, bool] = {}

    def prepare(self) -> None:
        """Makes the folders and removes what a killed run left half-written."""
        for folder in (self._rows, self._arrays):
            folder.mkdir(parents=True, exist_ok=True)
            for own in (folder, *folder.glob("+[0-9]*")):
                remove_leftovers(own)

    def write(
        self,
        number: int,
        rows: Sequence[Mapping[str, Any]],
        arrays: Mapping[str, NDArray[Any]],
    ) -> None:
        """Writes one part; equal content gives equal bytes.

        Args:
            number: The batch's number.
            rows: Rows of booleans, integers, floats, strings, lists of these, or None; a row may
                lack columns that others have.
            arrays: Arrays of any shape, by name.

        Raises:
            ResultsError: A file can't be written, e.g. because the disk is full.
        """
        content = _to_safetensors(arrays)
        table = _to_table(rows)
        digests = {
            ROWS_DIGEST: _rows_digest(table),
            ARRAYS_DIGEST: hashlib.sha256(content).digest(),
            PICTURES_DIGESTS: self._digests_of_named(rows),
        }
        table = table.replace_schema_metadata(digests)
        self._whole.pop(number, None)
        self._write(self._arrays_file(number), content)
        self._write(self._rows_file(number), _to_parquet(table))
        self._whole[number] = True

    def adopt(self, other: "Parts") -> None:
        """Copies the undamaged parts of another table, byte for byte.

        Args:
            other: A table of the same rows, in another folder.

        Raises:
            ResultsError: A file can't be written.
        """
        for number in other:
            files = [(self._arrays_file(number), other._arrays_file(number))]
            files += [(self._rows_file(number), other._rows_file(number))]
            contents = [(mine, theirs.read_bytes()) for mine, theirs in files]
            if number in self and all(mine.read_bytes() == content for mine, content in contents):
                continue
            self._whole.pop(number, None)
            for mine, content in contents:
                self._write(mine, content)
            self._whole[number] = True

    def __contains__(self, number: object) -> bool:
        """Tells whether a part is there and undamaged."""
        if not isinstance(number, int):
            return False
        # What is absent is looked for again: another process may have made it.
        if not self._whole.get(number):
            self._whole[number] = self._check(number)
        return self._whole[number]

    def __iter__(self) -> Iterator[int]:
        """Yields the numbers of the undamaged parts, in order."""
        return (number for number in self.numbers() if number in self)

    def numbers(self) -> list[int]:
        """Returns the numbers of all parts whose rows are there, damaged or not, in order."""
        return sorted(int(path.stem) for path in _files(self._rows))

    def present(self, number: int) -> bool:
        """Tells whether a part's files are there and not known to be damaged."""
        if not self._whole.get(number, True):
            return number in self
        return self._rows_file(number).is_file() and self._arrays_file(number).is_file()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def table(self, number: int) -> pa.Table:
        """Returns the rows of one part.

        Raises:
            KeyError: There is no such part, or it is damaged.
        """
        if number not in self:
            raise KeyError(number)
        return _read_rows(self._rows_file(number)).replace_schema_metadata(None)

    def tables(self) -> Iterator[pa.Table]:
        """Yields the rows, part by part in order; one part is in memory at a time."""
        return (self.table(number) for number in self)

    def rows(self, only: Callable[[str], bool] | None = None) -> "pd.DataFrame":
        """Returns all rows in order; a column that a part lacks is missing (None, NaN) there.

        Args:
            only: Tells by its name whether a column is wanted; all by default. A million rows fit
                into memory without their texts.
        """
        wanted = only or (lambda _: True)
        every = (table.select(list(filter(wanted, table.column_names))) for table in self.tables())
        tables = list(every) or [pa.table({})]
        frame: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
        return frame

    def holding(self, column: str, values: Collection[int]) -> Iterator[int]:
        """Yields the numbers of the undamaged parts that hold a value, in order.

        Reads one column of each part, which is many times faster than the rows.

        Args:
            column: Name of a column of integers.
            values: The values to look for.
        """
        wanted = pa.array(sorted(values), pa.int64())
        for number in self.numbers():
            found = _read_column(self._rows_file(number), column)
            if found is not None and pc.any(pc.is_in(found, wanted)).as_py() and number in self:
                yield number

    def arrays(self, number: int) -> dict[str, NDArray[Any]]:
        """Returns the arrays of one part by name.

        Raises:
            KeyError: There is no such part, or it is damaged.
        """
        if number not in self:
            raise KeyError(number)
        return safetensors.numpy.load(self._arrays_file(number).read_bytes())

    def pictures(self, number: int) -> frozenset[str]:
        """Returns the paths of the saved pictures that the rows of one part name.

        A text in the data may look like such a path; only those that the run has saved count.

        Raises:
            KeyError: There is no such part, or it is damaged.
        """
        if number not in self:
            raise KeyError(number)
        metadata = _read_rows(self._rows_file(number)).schema.metadata
        return frozenset(json.loads(metadata.get(PICTURES_DIGESTS, b"{}")))

    def damaged(self) -> list[Path]:
        """Returns the damaged or missing files of all parts, relative to the run folder."""
        files = sorted({*_files(self._rows), *self._rows_of_arrays()})
        return [file.relative_to(self._folder) for rows in files for file in self._broken(rows)]

    def _rows_of_arrays(self) -> Iterator[Path]:
        """Yields the path of the rows that belong to each file of arrays."""
        return (self._rows_file(int(f.stem)) for f in _files(self._arrays))

    def _check(self, number: int) -> bool:
        return not any(self._broken(self._rows_file(number)))

    def _broken(self, rows: Path) -> Iterator[Path]:
        """Yields the damaged files of one part: its rows alone, if these are damaged."""
        try:
            table = _read_rows(rows)
            digests = table.schema.metadata
            whole = digests.get(ROWS_DIGEST) in (None, _rows_digest(table))
            expected = {self._arrays_file(int(rows.stem)): digests[ARRAYS_DIGEST]}
            pictures = json.loads(digests.get(PICTURES_DIGESTS, b"{}"))
            expected |= {self._folder / name: bytes.fromhex(d) for name, d in pictures.items()}
        except (OSError, ValueError, pa.ArrowException, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            yield rows
            return
        yield from (file for file, digest in expected.items() if _digest(file) != digest)

    def _digests_of_named(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """Returns the digests of the pictures that rows name, as JSON."""
        named = {value for row in rows for value in row.values() if isinstance(value, str)}
        digests = {name: self._pictures.pop(name).hex() for name in named & self._pictures.keys()}
        return json.dumps(digests, sort_keys=True).encode()

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            reason = "the disk is full" if error.errno in NO_SPACE else error.strerror
            safe = sum(map(self.present, self.numbers()))
            raise ResultsError(
                f"{path} can't be written: {reason}; parts safe on disk: {safe}; "
                "mend that and run the same line again: it continues there"
            ) from error

    def _rows_file(self, number: int) -> Path:
        return _below(self._rows, number) / f"{number:06d}.parquet"

    def _arrays_file(self, number: int) -> Path:
        return _below(self._arrays, number) / f"{number:06d}.safetensors"


def _below(folder: Path, number: int) -> Path:
    """Returns the folder of a part: a table's own for the first thousand, then one for each."""
    return folder if number < FOLDER else folder / f"+{number // FOLDER:03d}"


def _files(folder: Path) -> Iterator[Path]:
    """Yields the files of all parts in a table's folder."""
    for pattern in ("[0-9]*.*", "+[0-9]*/[0-9]*.*"):
        yield from folder.glob(pattern)


def _digest(file: Path) -> bytes | None:
    """Returns the sha256 of a file; None where it can't be read."""
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return None


def _rows_digest(table: pa.Table) -> bytes:
    """Returns the sha256 of the rows' values, which is the same for every version of Arrow."""
    content = json.dumps([table.column_names, table.to_pylist()])
    return hashlib.sha256(content.encode()).digest()


def _to_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Makes a table with its columns in the order in which the rows first name them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pa.array([plain(row.get(name)) for row in rows]) for name in names}
    return pa.table(columns)


def _to_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(
        table, buffer, compression="zstd", write_page_checksum=True, write_statistics=False
    )
    return buffer.getvalue()


def _read_rows(path: Path) -> pa.Table:
    """Reads rows from memory: a mapped file that shrinks would kill the process."""
    # Not pq.read_table: its threads may hold the buffer while the interpreter ends, and abort it.
    buffer = pa.BufferReader(path.read_bytes())
    return pq.ParquetFile(buffer, page_checksum_verification=True).read(use_threads=False)


def _read_column(path: Path, name: str) -> pa.ChunkedArray | None:
    """Returns one column; None where there is none, or the file is damaged."""
    try:
        with path.open("rb") as file:
            return pq.ParquetFile(file).read([name], use_threads=False).column(name)
    except (OSError, pa.ArrowException, KeyError):
        return None


def _to_safetensors(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    # safetensors writes memory as it lies, so a transposed view would come back scrambled
    contiguous = {name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}
    return safetensors.numpy.save(contiguous)
