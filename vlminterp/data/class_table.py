"""Classes listed in a table: `data=class_table data.path=pictures.csv`."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vlminterp.data.boxes import BoxFormat
from vlminterp.data.class_folder import ClassFolderConfig
from vlminterp.data.classes import ClassPicture, ClassSource, Listing, of_file
from vlminterp.data.names import repaired
from vlminterp.data.pairs import Pair
from vlminterp.data.pictures import Where
from vlminterp.data.remote import Urls
from vlminterp.data.stamps import digest_of
from vlminterp.data.table import Table, TableConfig
from vlminterp.data.truth import LoadMask
from vlminterp.errors import InputError
from vlminterp.paths import existing_file

FEWEST = 2
"""Pictures of a class, on average, below which a column `text` holds captions and not names."""


@dataclass
class ClassTableConfig(ClassFolderConfig):
    """Options of `data=class_table`: `path` is a table as `data=manifest` reads it.

    Attributes:
        boxes: Format of its boxes, as in `data=manifest`.
        urls: Hosts on the web from which pictures are fetched, as in `data=manifest`.
        within: A folder outside of which no file is read; null for no such limit.
    """

    free_text: ClassVar[tuple[str, ...]] = (*ClassFolderConfig.free_text, "within")

    boxes: BoxFormat | None = None
    urls: Urls = Urls.never
    within: str | None = None


class ClassTableSource(ClassSource):
    """Yields a class for each name in the column `text`; masks and boxes come with the pictures.

    Rows of the same file and name are one picture, whose mask is the union of theirs.
    """

    Config = ClassTableConfig

    def __init__(self, config: ClassTableConfig) -> None:
        """Reads the table.

        Raises:
            InputError: There is no such table, it lacks a column, holds encoded pictures, or its
                texts are captions.
            ConfigError: It has a column `bbox`, but `boxes` is not set.
        """
        self._path = existing_file(config.path, "table of classes")
        options = TableConfig(
            config.path, boxes=config.boxes, urls=config.urls, within=config.within
        )
        self._table = Table(self._path, options)
        self._nameless = 0
        super().__init__(config, self._listings(), config.held_out)

    def files(self) -> Iterable[Path]:
        """Returns the table alone."""
        return (self._path,)

    def listing(self) -> str:
        """Returns a digest of the pictures and masks."""
        return f"{super().listing()} {digest_of(self._table.stamps())}"

    def notes(self) -> Sequence[str]:
        """Returns notes on the classes, on the table, and on rows that name no class."""
        nameless = [f"rows without a name, left out: {self._nameless}"] if self._nameless else []
        return [*super().notes(), *self._table.notes(), *nameless]

    def _listings(self) -> Iterator[Listing]:
        classes: dict[str, list[ClassPicture]] = {}
        for pair, where in self._table.located():
            if pair.text:
                classes.setdefault(pair.text, []).append(self._picture(pair, where))
            else:
                self._nameless += 1
        pictures = sum(map(len, classes.values()))
        if pictures < FEWEST * len(classes):
            raise InputError(
                f"{self._path}: {len(classes)} different texts for {pictures} pictures; "
                "the column text must hold the name of a class, which its pictures share"
            )
        for name, members in classes.items():
            yield Listing(name, repaired(name), list(_united(members)))

    def _picture(self, pair: Pair, where: Where | None) -> ClassPicture:
        if isinstance(where, bytes):
            raise InputError(
                f"{self._path}: holds encoded pictures; use data=hf_dataset data.path=FOLDER"
            )
        if isinstance(where, Path):
            return of_file(pair.id, where, pair.load_image, pair.load_mask)
        identity: Hashable = where or pair.id
        return ClassPicture(pair.id, pair.load_image, identity, load_mask=pair.load_mask)


def _united(rows: Iterable[ClassPicture]) -> Iterator[ClassPicture]:
    """Makes one picture of the rows of each file, such as COCO's one for each box."""
    files: dict[Hashable, list[ClassPicture]] = {}
    for row in rows:
        files.setdefault(row.identity, []).append(row)
    for own in files.values():
        masks = [row.load_mask for row in own if row.load_mask]
        yield replace(own[0], load_mask=partial(_union, masks)) if masks else own[0]


def _union(masks: Sequence[LoadMask]) -> NDArray[np.bool_]:
    first, *others = masks
    inside = first().copy()
    for load in others:  # one at a time: each is as large as its picture
        inside |= load()
    return inside
