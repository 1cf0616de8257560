"""Pairs listed in a table: `data=manifest data.path=pairs.csv` (csv, tsv, jsonl or parquet)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ClassVar

from vlminterp.data.ids import UniqueIds
from vlminterp.data.masks import boxes_mask, parse_boxes, read_mask
from vlminterp.data.pairs import Pair, Source, unusable
from vlminterp.data.rows import Row, count_rows, read_rows
from vlminterp.errors import ConfigError, InputError
from vlminterp.images import Picture, read_image
from vlminterp.paths import existing_file, printable


@dataclass
class ManifestConfig:
    """Options of `data=manifest`.

    Attributes:
        path: A table with the columns `image` (a path; in parquet also the encoded picture itself,
            or Hugging Face's `{bytes, path}`) and `text`; optional are `id`, `mask` (a picture,
            non-zero is inside) and `boxes` (a list of [left, top, right, bottom] in pixels; JSON
            in csv), of which the mask counts where a row has both. Relative paths start at the
            table's folder.
        limit: Take only so many pairs, unusable ones included, ≥ 1; null takes all.
    """

    free_text: ClassVar = ("path",)

    path: str
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} must be at least 1, or null for all")


class ManifestSource(Source):
    """Yields the pairs of a table, one row at a time."""

    Config = ManifestConfig

    def __init__(self, config: ManifestConfig) -> None:
        """Finds the table and checks its columns, before anything slow begins.

        Raises:
            InputError: There is no such table, it lacks a column, or has no rows.
        """
        self.path = existing_file(config.path, "manifest")
        self.limit = config.limit
        if next(read_rows(self.path), None) is None:
            raise InputError(f"{self.path}: has no rows")

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for every row, unusable ones included."""
        return islice(pairs_of_table(self.path), self.limit)

    def count(self) -> int:
        """How many rows there are."""
        return count_rows(self.path, self.limit)

    def files(self) -> Iterable[Path]:
        """The table; the pictures that it names may be millions."""
        return (self.path,)


def pairs_of_table(path: Path) -> Iterator[Pair]:
    """Reads the pairs of a table whose relative paths start at its folder.

    Args:
        path: A table as `ManifestConfig.path` describes it.

    Yields:
        A pair for every row; of a malformed row one whose `load_image` says what is wrong.

    Raises:
        InputError: The table can't be read or lacks a column.
    """
    unique = UniqueIds()
    for row in read_rows(path):
        own = _text(row.values.get("id")) or _picture_name(row.values.get("image"))
        id = unique(own or f"row-{row.number}", row.number)  # noqa: A001  the pair's `id`
        try:
            yield _pair(id, row, path.parent)
        except InputError as error:
            yield unusable(id, _text(row.values.get("text")), f"{path}, {row.place}: {error}")


def _pair(id: str, row: Row, folder: Path) -> Pair:  # noqa: A002
    if row.problem:
        raise InputError(row.problem)
    values = row.values
    for column, value in values.items():
        if isinstance(value, str) and value != printable(value):
            raise InputError(f"column {column} is not valid UTF-8")
    picture = _picture(values.get("image"), folder)
    if picture is None:
        raise InputError("no image")
    text = values.get("text")
    if not isinstance(text, str | None):
        raise InputError(f"the caption is not text but {type(text).__name__}")
    if not (caption := _text(text)):
        raise InputError("the caption is empty")
    pair = Pair(id, caption, partial(read_image, picture))
    return _with_truth(pair, values, picture, folder)


def _with_truth(pair: Pair, values: Mapping[str, object], picture: Picture, folder: Path) -> Pair:
    if mask := _picture(values.get("mask"), folder):
        load = partial(read_mask, mask, picture)
    elif boxes := _decoded(values.get("boxes")):
        load = partial(boxes_mask, parse_boxes(boxes), picture)
    else:
        return pair
    return Pair(pair.id, pair.text, pair.load_image, load)


def _picture(value: object, folder: Path) -> Path | bytes | None:
    """A picture as a row gives it: a path, the encoded picture, or `{bytes, path}`."""
    if isinstance(value, dict):
        return _picture(value.get("bytes") or value.get("path"), folder)
    if isinstance(value, bytes):
        return value or None
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise InputError(f"a picture must be a path, not {type(value).__name__}")
    return folder / Path(value.strip()).expanduser()


def _picture_name(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("path")
    return _text(value)


def _decoded(value: object) -> object:
    """Boxes as csv has them: JSON in a string."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise InputError(f"boxes are not JSON ({error})") from error


def _text(value: object) -> str:
    return printable(str(value).strip()) if isinstance(value, str | int) else ""
