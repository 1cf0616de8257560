"""Where a picture's object is: marked in the data, in a folder of masks, or found by a map."""

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.concepts import Concept, LoadImage
from vlminterp.data.images import read_image
from vlminterp.data.masks import shrunk
from vlminterp.errors import InputError

Mask = NDArray[np.bool_]
FindHeat = Callable[[Image.Image, Concept], NDArray[np.float32]]
"""Returns the heat of a concept's name on a picture, `[height, width]`, NaN where unseen."""

HELD = 0.5
"""Share of the heat that a region from a map holds."""


class Origin(Enum):
    """The origin of a region."""

    data = "data"
    folder = "folder"
    map = "map"


class Regions:
    """Finds the pixels that show a picture's concept.

    Args:
        heat: Finds the heat of a name, where nobody has marked the object.
        folder: A folder of masks named like the pictures; None for the data's own.
        masks: Whether masks are used at all.
    """

    def __init__(self, heat: FindHeat, folder: Path | None = None, *, masks: bool = True) -> None:
        """Notes where to look.

        Raises:
            InputError: There is no such folder.
        """
        if folder is not None and not folder.is_dir():
            raise InputError(f"plugin.regions: no folder {folder}; give a folder of PNG masks")
        self._folder = folder
        self._masks = masks
        self._heat = heat

    def find(self, image: Image.Image, concept: Concept, load: LoadImage) -> tuple[Mask, Origin]:
        """Returns a picture's region, bool `[height, width]` and not empty, and its origin.

        Args:
            image: The picture, perhaps made smaller.
            concept: The concept that it shows.
            load: The function that loads the picture.

        Raises:
            InputError: Its mask can't be read, is empty, or is of another shape.
        """
        facts = concept.facts(load)
        if self._folder is not None:
            for kind, read in READERS.items():
                path = self._folder / PurePosixPath(facts.name).with_suffix(kind)
                if path.is_file():
                    return _as_large(read(path), image, str(path)), Origin.folder
        elif self._masks and facts.load_mask is not None:
            return _as_large(facts.load_mask(), image, facts.name), Origin.data
        return hottest(self._heat(image, concept)), Origin.map


def hottest(heat: NDArray[np.float32]) -> Mask:
    """Returns the fewest pixels that hold half of the positive heat; at least one.

    Example:
        >>> hottest(np.array([[1.0, 4.0], [2.0, np.nan]], np.float32)).tolist()
        [[False, True], [False, False]]
    """
    positive = np.nan_to_num(heat, nan=0.0).clip(min=0).astype(np.float64)
    order = np.argsort(-positive, axis=None, kind="stable")
    held = np.cumsum(positive.ravel()[order])
    count = int(np.searchsorted(held, HELD * held[-1])) + 1 if held[-1] > 0 else 1
    mask = np.zeros(positive.size, np.bool_)
    mask[order[:count]] = True
    return mask.reshape(positive.shape)


def _picture(path: Path) -> Mask:
    return np.asarray(read_image(path).convert("L")) > 0


def _array(path: Path) -> Mask:
    """Reads a mask of NumPy's format, as ImageNet-9 has them."""
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no array that can be read ({error})") from error
    if values.ndim not in (2, 3):
        raise InputError(f"{path}: an array of shape {values.shape} is no mask")
    marked: Mask = np.any(values.reshape(*values.shape[:2], -1) != 0, axis=-1)
    return marked


def _as_large(mask: Mask, image: Image.Image, name: str) -> Mask:
    height, width = mask.shape
    if not mask.any():
        raise InputError(f"{name}: the mask is empty")
    if abs(height * image.width - width * image.height) > max(height, width, *image.size):
        raise InputError(
            f"{name}: the mask is {width} × {height}, its picture {image.width} × {image.height}"
        )
    if width < image.width or height < image.height:
        return np.asarray(Image.fromarray(mask).resize(image.size))
    return shrunk(mask, image.size)


READERS: Mapping[str, Callable[[Path], Mask]] = {".png": _picture, ".npy": _array}
"""Functions that read masks, by the ends of their names."""
