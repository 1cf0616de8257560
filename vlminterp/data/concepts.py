"""Concepts: things with a name and pictures, which descriptions are about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import Image

from vlminterp.data.truth import LoadMask

LoadImage = Callable[[], Image.Image]


@dataclass(frozen=True)
class PictureFacts:
    """Facts about a picture of a concept.

    Attributes:
        name: Its name within the data set, such as `owl/3.jpg`; empty where it has none.
        load_mask: Loads the pixels that show the concept, bool `[height, width]`; None where nobody
            has marked them.
    """

    name: str = ""
    load_mask: LoadMask | None = None


UNKNOWN = PictureFacts()


@dataclass(frozen=True)
class Concept:
    """A class of images.

    Attributes:
        id: Id, unique and stable within its source; keys rows, since concepts may share a name.
        name: Name in texts, without an article: "Persian cat".
        images: Pictures (RGB) that rewards and class means are made of. Each raises `InputError`
            if it can't be read.
        held_out: Pictures that no reward sees; they only check.
        about: Facts about pictures, as far as they are known, by the function that loads them.
    """

    id: str
    name: str
    images: tuple[LoadImage, ...]
    held_out: tuple[LoadImage, ...] = ()
    about: Mapping[LoadImage, PictureFacts] = field(default_factory=dict, compare=False)

    def facts(self, load: LoadImage) -> PictureFacts:
        """Returns the facts about one of its pictures."""
        return self.about.get(load, UNKNOWN)


def article(name: str) -> str:
    """Returns the indefinite article of a name, by its first letter.

    Example:
        >>> article("orange squid"), article("Owl"), article("red owl")
        ('an', 'an', 'a')
    """
    return "an" if name[:1].lower() in "aeiou" else "a"
