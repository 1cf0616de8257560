"""Concepts: things with a name and pictures, which descriptions are about."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

LoadImage = Callable[[], Image.Image]


@dataclass(frozen=True)
class Concept:
    """A class of images.

    Attributes:
        id: Id, unique and stable within its source; keys rows, since concepts may share a name.
        name: Name in texts, without an article: "Persian cat".
        images: Pictures (RGB) that rewards and class means are made of. Each raises `InputError`
            if it can't be read.
        held_out: Pictures that no reward sees; they only check.
    """

    id: str
    name: str
    images: tuple[LoadImage, ...]
    held_out: tuple[LoadImage, ...] = ()


def article(name: str) -> str:
    """Returns the indefinite article of a name, by its first letter.

    Example:
        >>> article("orange squid"), article("Owl"), article("red owl")
        ('an', 'an', 'a')
    """
    return "an" if name[:1].lower() in "aeiou" else "a"
