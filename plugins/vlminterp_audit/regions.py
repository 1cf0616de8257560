"""Where a picture's object is: marked in the data, in a folder of masks, or found by a map."""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.concepts import Concept, LoadImage, PictureFacts
from vlminterp.data.masks import shrunk
from vlminterp.data.truth import LoadMask
from vlminterp.errors import InputError
from vlminterp_audit.folder_masks import Mask, mask_file, read_file

FindHeat = Callable[[Image.Image, Concept], NDArray[np.float32]]
"""Returns the heat of a concept's name on a picture, `[height, width]`, NaN where unseen."""

HELD = 0.5
"""Share of the heat that a region from a map holds."""
MOST = 0.95
"""Share of a picture above which a mask marks no object: a trimap, or a picture instead of one."""
RELIED = 0.5
"""Share of the pictures with a mask from which one without is left out."""


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
        pictures: Facts about all pictures: where at least half of them have a mask, one without
            is left out rather than given a region from a map, which is something else.
    """

    def __init__(
        self,
        heat: FindHeat,
        folder: Path | None = None,
        *,
        masks: bool = True,
        pictures: Sequence[PictureFacts] = (),
    ) -> None:
        """Notes where to look.

        Raises:
            InputError: There is no such folder.
        """
        if folder is not None and not folder.is_dir():
            raise InputError(f"plugin.regions: no folder {folder}; give a folder of PNG masks")
        self._folder = folder
        self._masks = masks
        self._heat = heat
        marked = sum(map(self._is_marked, pictures))
        self._maps = not pictures or marked < RELIED * len(pictures)

    def find(self, image: Image.Image, concept: Concept, load: LoadImage) -> tuple[Mask, Origin]:
        """Returns a picture's region, bool `[height, width]` and not empty, and its origin.

        Args:
            image: The picture, perhaps made smaller.
            concept: The concept that it shows.
            load: The function that loads the picture.

        Raises:
            InputError: Its mask can't be read, is empty, covers everything, is of another shape,
                or is missing although most pictures have one.
        """
        facts = concept.facts(load)
        if found := self._mask(facts):
            name, read, origin = found
            return _as_large(read(), image, name), origin
        if not self._maps:
            raise InputError(f"{facts.name}: it has no mask, while most pictures have one")
        return hottest(self._heat(image, concept)), Origin.map

    def _mask(self, facts: PictureFacts) -> tuple[str, LoadMask, Origin] | None:
        """Returns a mask's name for messages, the function that reads it, and its origin."""
        if self._folder is not None:
            file = mask_file(self._folder, facts.name)
            return (str(file), partial(read_file, file), Origin.folder) if file else None
        if self._masks and facts.load_mask is not None:
            return facts.name, facts.load_mask, Origin.data
        return None

    def _is_marked(self, facts: PictureFacts) -> bool:
        try:
            return self._mask(facts) is not None
        except InputError:  # told when the picture is taken apart
            return False


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


def _as_large(mask: Mask, image: Image.Image, name: str) -> Mask:
    height, width = mask.shape
    if not mask.any():
        raise InputError(f"{name}: the mask is empty")
    if (share := float(mask.mean())) > MOST:
        raise InputError(
            f"{name}: the mask covers {share:.0%} of the picture; "
            "what is not 0 counts as the object"
        )
    if abs(height * image.width - width * image.height) > max(height, width, *image.size):
        raise InputError(
            f"{name}: the mask is {width} × {height}, its picture {image.width} × {image.height}"
        )
    if width < image.width or height < image.height:
        return np.asarray(Image.fromarray(mask).resize(image.size))
    return shrunk(mask, image.size)
