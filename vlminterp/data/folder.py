"""A folder of pictures with captions: `data=folder data.path=pictures`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

from vlminterp.data.manifest import pairs_of_table
from vlminterp.data.pairs import Pair, Source, unusable
from vlminterp.data.rows import read_rows
from vlminterp.errors import ConfigError, InputError
from vlminterp.images import read_image
from vlminterp.paths import existing_folder, is_run_folder, printable
from vlminterp.picture_formats import SUFFIXES

CAPTIONS = "captions.csv"


@dataclass
class FolderConfig:
    """Options of `data=folder`.

    Attributes:
        path: A folder of pictures, searched through all its folders. Their captions stand in
            `captions.csv` at its top (columns `image`, `text`, and others as in a manifest), or
            else beside each picture in a `.txt` of the same name.
        limit: Take only so many pairs, unusable ones included, ≥ 1; null takes all.
    """

    path: str
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} must be at least 1, or null for all")


class FolderSource(Source):
    """Yields the pictures of a folder, in the order in which people number files."""

    Config = FolderConfig

    def __init__(self, config: FolderConfig) -> None:
        """Finds the folder, before anything slow begins.

        Raises:
            InputError: There is no such folder, no picture in it, or captions.csv lacks a column.
        """
        self.path = existing_folder(config.path, "picture folder")
        self.limit = config.limit
        self.captions = self.path / CAPTIONS
        if next(self._pictures(), None) is None:
            raise InputError(f"{self.path}: no pictures ({', '.join(SUFFIXES)}) in it")
        if self.captions.is_file():
            next(read_rows(self.captions), None)

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for every caption, and an unusable one for a picture without."""
        captioned = self._from_table() if self.captions.is_file() else self._from_texts()
        return islice(captioned, self.limit)

    def count(self) -> int:
        """How many captions and pictures without one there are; reads no picture."""
        return sum(1 for _ in self.pairs())

    def files(self) -> Iterable[Path]:
        """The captions."""
        if self.captions.is_file():
            return (self.captions,)
        return (text for picture in self._pictures() if (text := _text_of(picture)).is_file())

    def listing(self) -> str:
        """Digest of the pictures' names and sizes; an edit that keeps the size goes unnoticed."""
        digest = sha256()
        for picture in self._pictures():
            digest.update(f"{self._name(picture)}\0{picture.stat().st_size}\0".encode())
        return digest.hexdigest()

    def _from_texts(self) -> Iterator[Pair]:
        for picture in self._pictures():
            name = self._name(picture)
            try:
                caption = _read_caption(_text_of(picture))
            except InputError as error:
                yield unusable(name, "", f"{picture}: {error}")
            else:
                yield Pair(name, caption, partial(read_image, picture))

    def _from_table(self) -> Iterator[Pair]:
        named = set()
        for row in read_rows(self.captions):
            named.add((self.path / str(row.values.get("image")).strip()).absolute())
        yield from pairs_of_table(self.captions)
        for picture in self._pictures():
            if picture.absolute() not in named:
                yield unusable(self._name(picture), "", f"{picture}: no caption in {CAPTIONS}")

    def _pictures(self) -> Iterator[Path]:
        return pictures_below(self.path)

    def _name(self, picture: Path) -> str:
        return printable(picture.relative_to(self.path).as_posix())


def pictures_below(folder: Path) -> Iterator[Path]:
    """Pictures in a folder and all its folders, in the order in which people number files.

    Hidden files, and folders that are links (loops), are left out.

    Raises:
        InputError: A folder can't be listed.
    """
    for entry in entries_of(folder):
        if entry.is_dir():
            # A run's own pictures are no data, or `data.path=.` would never be the same data twice.
            if not entry.is_symlink() and not is_run_folder(entry):
                yield from pictures_below(entry)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def entries_of(folder: Path) -> list[Path]:
    """What is in a folder, hidden files left out, in the order in which people number files.

    Raises:
        InputError: It can't be listed.
    """
    try:
        entries = sorted(folder.iterdir(), key=_natural)
    except OSError as error:
        raise InputError(f"{folder}: can't be listed ({error.strerror})") from error
    return [entry for entry in entries if not entry.name.startswith(".")]


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Sorts `9.jpg` before `10.jpg`, and the same on every machine."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path.name


def _text_of(picture: Path) -> Path:
    return picture.with_suffix(".txt")


def _read_caption(path: Path) -> str:
    """The whole file on one line."""
    try:
        caption = " ".join(path.read_text(encoding="utf-8-sig").split())
    except FileNotFoundError as error:
        raise InputError(f"no caption ({path.name}) beside it") from error
    except UnicodeDecodeError as error:
        raise InputError(f"its caption {path.name} is not UTF-8") from error
    except OSError as error:
        raise InputError(f"its caption {path.name} can't be read ({error.strerror})") from error
    if not caption:
        raise InputError(f"its caption {path.name} is empty")
    return caption
