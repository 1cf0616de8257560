"""A folder of pictures with captions: `data=folder data.path=pictures`."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from glob import escape
from itertools import islice
from pathlib import Path

from vlminterp.data.encodings import encoding_of
from vlminterp.data.images import read_image
from vlminterp.data.pairs import Pair, Source, unusable
from vlminterp.data.picture_formats import SUFFIXES
from vlminterp.data.rows import read_rows
from vlminterp.data.stamps import digest_of, stamp
from vlminterp.data.table import Table, TableConfig
from vlminterp.errors import InputError
from vlminterp.paths import existing_folder, is_run_folder, printable

CAPTIONS = "captions.csv"


_CAPTION = ".txt"
_LEFT_BEHIND = frozenset(("__macosx", "@eadir", "lost+found", "$recycle.bin", "thumbs.db"))
"""Names, in lower case, of files and folders that systems leave behind."""


@dataclass
class FolderConfig(TableConfig):
    """Options of `data=folder`.

    `path` is a folder of pictures, which is searched with all folders in it. Their captions are in
    `captions.csv` at its top (columns `image`, `text`, and others as in a manifest), or else beside
    each picture in a `.txt` of the same name.
    """


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
        self._where = config.pictures(self.path)
        if next(self._pictures(), None) is None:
            raise InputError(f"{self.path}: no pictures ({', '.join(SUFFIXES)}) in it")
        self._table = Table(self.captions, config) if self.captions.is_file() else None

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for every caption, and an unusable one for a picture without."""
        captioned = self._from_table(self._table) if self._table else self._from_texts()
        return islice(captioned, self.limit)

    def count(self) -> int:
        """Returns how many captions and pictures without one there are; reads no picture."""
        return sum(1 for _ in self.pairs())

    def files(self) -> Iterable[Path]:
        """Returns the files that hold the captions."""
        if self._table:
            return (self.captions,)
        captions = (picture.with_suffix(_CAPTION) for picture in _captioned(self.path))
        return (caption for caption in captions if caption.is_file())

    def listing(self) -> str:
        """Returns a digest of the pictures' names, sizes and times, the table's included."""
        own = [(self._name(picture), stamp(picture)) for picture in self._pictures()]
        return digest_of([*own, *(self._table.stamps() if self._table else ())])

    def notes(self) -> Sequence[str]:
        """Returns notes on how the table of captions is read, where that may surprise."""
        return list(self._table.notes()) if self._table else []

    def _from_texts(self) -> Iterator[Pair]:
        for picture in _captioned(self.path):
            name = self._name(picture)
            try:
                self._where.checked(picture)
                caption = _read_caption(picture.with_suffix(_CAPTION))
                if picture.suffix.lower() not in SUFFIXES:
                    raise InputError(f"{picture.suffix} is no picture format that is read")
            except InputError as error:
                yield unusable(name, "", f"{picture}: {error}")
            else:
                yield Pair(name, caption, partial(read_image, picture))

    def _from_table(self, table: Table) -> Iterator[Pair]:
        named = set()
        for row in read_rows(self.captions):
            named.add((self.path / str(row.values.get("image")).strip()).absolute())
        yield from table.pairs()
        for picture in self._pictures():
            if picture.absolute() not in named:
                yield unusable(self._name(picture), "", f"{picture}: no caption in {CAPTIONS}")

    def _pictures(self) -> Iterator[Path]:
        return pictures_below(self.path)

    def _name(self, picture: Path) -> str:
        return printable(picture.relative_to(self.path).as_posix())


def pictures_below(folder: Path) -> Iterator[Path]:
    """Finds pictures in a folder and all folders in it, in the order in which people number files.

    Hidden files, and folders that are links (loops), are left out.

    Raises:
        InputError: A folder can't be listed.
    """
    return (file for file in _files_below(folder) if file.suffix.lower() in SUFFIXES)


def _captioned(folder: Path) -> Iterator[Path]:
    """Yields pictures, and files that are no known pictures but have a caption beside them."""
    for file in _files_below(folder):
        if file.suffix.lower() in SUFFIXES or _is_captioned_alone(file):
            yield file


def _is_captioned_alone(file: Path) -> bool:
    if file.suffix.lower() == _CAPTION or not file.with_suffix(_CAPTION).is_file():
        return False
    # The caption of cat.jpg is not one of cat.json.
    alike = (other.suffix.lower() for other in file.parent.glob(f"{escape(file.stem)}.*"))
    return not any(suffix in SUFFIXES for suffix in alike)


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in entries_of(folder):
        if not entry.is_dir():
            yield entry
        # Pictures in run folders are no data: `data.path=.` would never be the same data twice.
        elif not entry.is_symlink() and not is_run_folder(entry):
            yield from _files_below(entry)


def entries_of(folder: Path) -> list[Path]:
    """Lists the files and folders in a folder, in the order in which people number files.

    Hidden ones and those that systems leave behind (`__MACOSX`) are left out.

    Raises:
        InputError: It can't be listed.
    """
    try:
        entries = sorted(folder.iterdir(), key=_natural)
    except OSError as error:
        raise InputError(f"{folder}: can't be listed ({error.strerror})") from error
    return [
        entry
        for entry in entries
        if not entry.name.startswith(".") and entry.name.lower() not in _LEFT_BEHIND
    ]


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Returns a sort key that puts `9.jpg` before `10.jpg`, the same on every machine."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts], path.name


def _read_caption(path: Path) -> str:
    """Returns the whole file on one line.

    Raises:
        InputError: It is missing, unreadable, not UTF-8 or empty.
    """
    try:
        caption = " ".join(path.read_text(encoding=encoding_of(path)).split())
    except FileNotFoundError as error:
        raise InputError(f"no caption ({path.name}) beside it") from error
    except UnicodeError as error:
        raise InputError(f"its caption {path.name} is not UTF-8") from error
    except OSError as error:
        raise InputError(f"its caption {path.name} can't be read ({error.strerror})") from error
    if not caption:
        raise InputError(f"its caption {path.name} is empty")
    return caption
