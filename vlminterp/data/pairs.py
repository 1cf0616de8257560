"""Image-text pairs, and the sources that yield them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Pair:
    """One image and one text, with the truth about them where it is known.

    Attributes:
        id: Unique and stable within its source; names files and rows.
        text: The caption.
        load_image: Reads the image (RGB). Raises `InputError` if it can't be read.
        load_mask: Reads the mask of what the text names, bool `[height, width]` of the original
            image; None where no truth is known.
        named_words: The words of `text` that name something in the image, as character spans
            `(start, stop)`; None where unknown.
    """

    id: str
    text: str
    load_image: Callable[[], Image.Image]
    load_mask: Callable[[], NDArray[np.bool_]] | None = None
    named_words: tuple[tuple[int, int], ...] | None = field(default=None)


class Source(ABC):
    """Something that yields image-text pairs, one at a time, in an order that never changes."""

    @abstractmethod
    def pairs(self) -> Iterator[Pair]:
        """Yields the pairs lazily: images are read only by `Pair.load_image`."""
