"""Waterbirds (Sagawa et al., ICLR 2020): `data=waterbirds`, birds pasted on land and on water."""

from collections.abc import Iterable, Iterator
from csv import DictReader
from dataclasses import dataclass
from pathlib import Path

from vlminterp.data.classes import ClassPicture, Listing, member
from vlminterp.data.splits import SplitConfig, SplitSource
from vlminterp.errors import InputError
from vlminterp.paths import printable

NAMES = ("landbird", "waterbird")
"""The classes, in the order of the column `y`."""
_TABLE = "metadata.csv"
_COLUMNS = ("img_filename", "y", "split")
_SPLITS = {"train": "0", "val": "1", "test": "2"}


@dataclass
class WaterbirdsConfig(SplitConfig):
    """Options of `data=waterbirds`: `path` is the folder with `metadata.csv`."""


class WaterbirdsSource(SplitSource):
    """Yields landbirds and waterbirds, each on both kinds of background."""

    Config = WaterbirdsConfig

    def __init__(self, config: WaterbirdsConfig) -> None:
        """Reads the table.

        Raises:
            ConfigError: There is no such split.
            InputError: The table is missing, or a line is malformed.
        """
        self._root = Path(config.path).expanduser()
        if not (self._root / _TABLE).is_file():
            raise InputError(
                f"Waterbirds: no {self._root / _TABLE}; extract "
                "waterbird_complete95_forest2water2.tar.gz and give its folder"
            )
        super().__init__(config, tuple(_SPLITS))

    def files(self) -> Iterable[Path]:
        """Returns the path of the table."""
        return [self._root / _TABLE]

    def _listings(self, split: str) -> Iterator[Listing]:
        members: dict[str, list[ClassPicture]] = {"0": [], "1": []}
        for path, label, its_split in self._rows():
            if its_split == _SPLITS[split]:
                members[label].append(member(self._root / path, self._root))
        for name, pictures in zip(NAMES, members.values(), strict=True):
            yield Listing(name, name, pictures)

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        """Yields path, label and split of each picture."""
        table = self._root / _TABLE
        with table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            for number, row in enumerate(DictReader(file), start=2):
                path, label, split = (row.get(column) or "" for column in _COLUMNS)
                if not path or label not in ("0", "1") or split not in _SPLITS.values():
                    raise InputError(
                        f"{table}, line {number}: no {', '.join(_COLUMNS)} in "
                        f"'{printable(','.join(str(value) for value in row.values()))}'"
                    )
                yield path, label, split
