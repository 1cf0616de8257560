"""Image-text pairs, and the sources that yield them."""

from abc import ABC
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.boxes import Box
from vlminterp.data.concepts import Concept
from vlminterp.data.images import read_image
from vlminterp.data.masks import box_of
from vlminterp.errors import ConfigError, InputError
from vlminterp.paths import printable
from vlminterp.secrets import redacted

Span = tuple[int, int]
"""Start and stop of some characters of a text."""


@dataclass(frozen=True)
class Region:
    """Something in an image: where it is, and which words of the text name it.

    Attributes:
        kind: Either `object` or `background`.
        name: Name of the thing: "owl", "forest".
        words: The words that name it, as character spans of the text; empty if none does.
        load_mask: Reads its visible pixels, bool `[height, width]` of the original image.
    """

    kind: str
    name: str
    words: tuple[Span, ...]
    load_mask: Callable[[], NDArray[np.bool_]]

    def box(self) -> Box:
        """Returns the smallest box that holds all its visible pixels; reads the mask.

        Raises:
            InputError: Nothing of it is visible, or the mask can't be read.
        """
        return box_of(self.load_mask())


@dataclass(frozen=True)
class Pair:
    """One image and one text, with the truth about them where it is known.

    Attributes:
        id: Unique and stable within its source; names files and rows.
        text: The caption, without passwords and keys in addresses: they must neither reach a file
            whole nor as words.
        load_image: Reads the image (RGB). Raises `InputError` if the pair can't be used: the image
            can't be read, the caption is empty, the row is malformed.
        load_mask: Reads the mask of the things that the text names, bool `[height, width]` of the
            original image; None where no truth is known. Raises `InputError` if it can't be read.
        named_words: The words of `text` that name something in the image, as character spans
            `(start, stop)`; None where unknown.
        regions: Everything known to be in the image, named or not. Pixels in none of them belong to
            nothing, and a word that names none of them names nothing in the image. None where
            unknown.
    """

    id: str
    text: str
    load_image: Callable[[], Image.Image]
    load_mask: Callable[[], NDArray[np.bool_]] | None = None
    named_words: tuple[Span, ...] | None = None
    regions: tuple[Region, ...] | None = None

    def __post_init__(self) -> None:
        if (text := redacted(self.text)) != self.text:
            object.__setattr__(self, "text", text)
            object.__setattr__(self, "named_words", None)  # they were places in another text


class Source(ABC):
    """Something that yields pairs, concepts or both, in an order that never changes.

    A source is made from its config alone: `FolderSource(FolderConfig(path="pictures"))`.

    Attributes:
        Config: The dataclass of its options, whose `__post_init__` checks their ranges. Its
            `free_text`, if it has one, names options whose values are taken as written: captions
            and paths, in which commas and parentheses have no meaning.
    """

    Config: ClassVar[type[Any]]

    def pairs(self) -> Iterator[Pair]:
        """Yields image-text pairs lazily: images are read only by `Pair.load_image`.

        A pair that can't be used is yielded too, so that it is counted: its `load_image` says why.

        Raises:
            ConfigError: This source has no pairs.
        """
        raise ConfigError(f"{type(self).__name__} has concepts but no pairs; choose another data=")

    def concepts(self) -> Iterator[Concept]:
        """Yields concepts: names with pictures; pictures are read only when asked for.

        Raises:
            ConfigError: This source has no concepts.
        """
        raise ConfigError(
            f"{type(self).__name__} has pairs but no concepts; choose another data=, "
            "for example data=planted"
        )

    def count(self) -> int | None:
        """Returns the number of pairs, for progress; None where only reading all would tell."""
        return None

    def files(self) -> Iterable[Path]:
        """Returns the local files that define the pairs; a run's identity hashes their content."""
        return ()

    def listing(self) -> str:
        """Returns a digest of local files too many to hash by content; part of a run's identity."""
        return ""

    def notes(self) -> Sequence[str]:
        """Returns notes for users, such as on what was left out, one line each."""
        return ()


def pair_of(image: Image.Image | str | Path, text: str) -> Pair:
    """Makes a pair from an image and a caption.

    Args:
        image: A picture in any mode, or the path of one.
        text: The caption.

    Returns:
        A pair named after the file, or "image".

    Raises:
        InputError: The caption is empty.

    Example:
        >>> pair_of(Image.new("L", (4, 3)), " a grey field ").text
        'a grey field'
    """
    caption = text.strip()
    if not caption:
        raise InputError("the caption is empty")
    picture = Path(image) if isinstance(image, str) else image
    name = printable(picture.name) if isinstance(picture, Path) else "image"
    return Pair(name, caption, partial(read_image, picture))


def unusable(id: str, text: str, reason: str) -> Pair:  # noqa: A002  it is the pair's `id`
    """Makes a pair that only says why it can't be used, so that a run counts it and goes on."""

    def refuse() -> NoReturn:
        raise InputError(reason)

    return Pair(id, text, refuse)
