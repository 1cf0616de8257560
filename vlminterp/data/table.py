"""Pairs listed in a table, and the options of all sources that read one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from vlminterp.data.boxes import BoxFormat
from vlminterp.data.ids import UniqueIds
from vlminterp.data.images import read_image
from vlminterp.data.pairs import Pair, unusable
from vlminterp.data.pictures import Pictures, Where, reading
from vlminterp.data.remote import Urls
from vlminterp.data.row import COLUMNS, Row
from vlminterp.data.rows import header_of, read_rows
from vlminterp.data.stamps import stamp
from vlminterp.data.truth import SAY_FORMAT, truth_of
from vlminterp.errors import ConfigError, InputError
from vlminterp.paths import existing_folder, printable

_NAMED_IN_NOTES = 5


@dataclass
class TableConfig:
    """Options of sources that read a table.

    Attributes:
        path: The table, or the folder that it is in.
        limit: Maximum number of pairs, unusable ones included, ≥ 1; null takes all.
        boxes: Format of the boxes: `xyxy` (left, top, right, bottom) or `xywh` (COCO's: left, top,
            width, height) in pixels, or `normalised` (left, top, right, bottom as shares of the
            picture). A column `bbox` needs it; a column `boxes` is xyxy where it is null.
        urls: Hosts on the web from which pictures are fetched, into a cache: `never` (none),
            `public` ones, or `any`.
        within: A folder outside of which no file is read, for tables from others; null for no such
            limit.
    """

    free_text: ClassVar = ("path", "within")

    path: str
    limit: int | None = None
    boxes: BoxFormat | None = None
    urls: Urls = Urls.never
    within: str | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} must be at least 1, or null for all")

    def pictures(self, folder: Path) -> Pictures:
        """Returns the pictures that a table may name.

        Args:
            folder: The table's own folder, at which relative paths start.

        Raises:
            InputError: There is no folder `within`.
        """
        within = existing_folder(self.within, "folder data.within") if self.within else None
        return Pictures(folder, within, self.urls)


class Table:
    """The pairs of a table whose relative paths start at its folder.

    Args:
        path: A csv, tsv, jsonl or parquet with the columns `image` (a path, an address on the web;
            in parquet also the encoded picture, or Hugging Face's `{bytes, path}`) and `text`;
            optional are `id`, and the truth: `mask` (a picture, or COCO's run lengths),
            `segmentation` (COCO's run lengths or polygons), `boxes` (a list of boxes) or `bbox` (a
            box or a list). In csv and tsv, values other than texts and numbers are JSON.
        config: Options of reading it.
    """

    def __init__(self, path: Path, config: TableConfig) -> None:
        """Reads the header, before anything slow begins.

        Raises:
            InputError: The table can't be read, lacks a column, or has no rows.
            ConfigError: It has a column `bbox`, but `boxes` is not set.
        """
        self.path = path
        self._config = config
        self._pictures = config.pictures(path.parent)
        if next(read_rows(path), None) is None:
            raise InputError(f"{path}: has no rows")
        self._header = header_of(path)
        if "bbox" in self._header.columns and config.boxes is None:
            raise ConfigError(f"{path}: {SAY_FORMAT}")

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for every row; for a malformed one, a pair that says what is wrong.

        Raises:
            InputError: The table can't be read.
        """
        return (pair for pair, _ in self.located())

    def located(self) -> Iterator[tuple[Pair, Where | None]]:
        """Yields a pair for every row, with its picture's place; None for a malformed row.

        Raises:
            InputError: The table can't be read.
        """
        unique = UniqueIds()
        for row in read_rows(self.path):
            own = _text(row.values.get("id")) or _picture_name(row.values.get("image"))
            id = unique(own or f"row-{row.number}", row.number)  # noqa: A001  the pair's `id`
            try:
                yield self._pair(id, row)
            except InputError as error:
                text = _text(row.values.get("text"))
                yield unusable(id, text, f"{self.path}, {row.place}: {error}"), None

    def stamps(self) -> Iterator[tuple[str, str]]:
        """Yields the names and stamps of the pictures and masks that the rows name."""
        for row in islice(read_rows(self.path), self._config.limit):
            for column in ("image", "mask"):
                try:
                    found = self._pictures.find(row.values.get(column))
                except InputError:
                    continue
                if isinstance(found, Path):
                    yield str(row.values[column]), stamp(found)

    def notes(self) -> Iterator[str]:
        """Yields notes for users on how the table is read."""
        columns, name = self._header.columns, self.path.name
        if not self._header.written:
            yield f"{name} has no header; its columns are taken as {' and '.join(columns)}"
        if "boxes" in columns and self._config.boxes is None:
            yield (
                "boxes are taken as left, top, right, bottom in pixels; "
                "data.boxes=xywh or normalised if they are not"
            )
        if others := [column for column in columns if column not in COLUMNS]:
            more = len(others) - _NAMED_IN_NOTES
            shown = ", ".join(map(printable, others[:_NAMED_IN_NOTES]))
            yield f"columns not read: {shown}{f' and {more} more' if more > 0 else ''}"

    def _pair(self, id: str, row: Row) -> tuple[Pair, Where]:  # noqa: A002
        if row.problem:
            raise InputError(row.problem)
        values = row.values
        for column, value in values.items():
            if isinstance(value, str) and value != printable(value):
                raise InputError(f"column {column} is not valid UTF-8")
        picture = self._pictures.find(values.get("image"))
        if picture is None:
            raise InputError("no image")
        text = values.get("text")
        if not isinstance(text, str | None):
            raise InputError(f"the caption is not text but {type(text).__name__}")
        if not (caption := _text(text)):
            raise InputError("the caption is empty")
        truth = truth_of(values, picture, self._pictures, self._config.boxes)
        return Pair(id, caption, reading(read_image, picture), truth), picture


def _picture_name(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("path")
    return _text(value)


def _text(value: object) -> str:
    return printable(str(value).strip()) if isinstance(value, str | int) else ""
