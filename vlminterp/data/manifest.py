"""Pairs listed in a table: `data=manifest data.path=pairs.csv` (csv, tsv, jsonl or parquet)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vlminterp.data.pairs import Pair, Source
from vlminterp.data.rows import count_rows
from vlminterp.data.stamps import digest_of
from vlminterp.data.table import Table, TableConfig
from vlminterp.paths import existing_file


@dataclass
class ManifestConfig(TableConfig):
    """Options of `data=manifest`: `path` is a table as `vlminterp.data.table.Table` reads it."""


class ManifestSource(Source):
    """Yields the pairs of a table, one row at a time."""

    Config = ManifestConfig

    def __init__(self, config: ManifestConfig) -> None:
        """Finds the table and checks its columns, before anything slow begins.

        Raises:
            InputError: There is no such table, it lacks a column, or has no rows.
            ConfigError: It has a column `bbox`, but `boxes` is not set.
        """
        self.path = existing_file(config.path, "manifest")
        self.limit = config.limit
        self._table = Table(self.path, config)

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for every row, unusable ones included."""
        return islice(self._table.pairs(), self.limit)

    def count(self) -> int:
        """Returns the number of rows, at most `limit`."""
        return count_rows(self.path, self.limit)

    def files(self) -> Iterable[Path]:
        """Returns the table alone; the pictures that it names may be millions."""
        return (self.path,)

    def listing(self) -> str:
        """Returns a digest of the names, sizes and times of the pictures and masks it names."""
        return digest_of(self._table.stamps())

    def notes(self) -> Sequence[str]:
        """Returns notes on how the table is read, where that may surprise."""
        return list(self._table.notes())
