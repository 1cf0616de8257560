"""Mask pictures as the truth of where a caption's object is."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.boxes import Box
from vlminterp.data.images import Picture, image_size, name_of, opened
from vlminterp.data.picture_formats import may_be_lossy
from vlminterp.data.rgb import bands, orientation, upright
from vlminterp.errors import InputError

_TO_RGB = ("CMYK", "YCbCr", "LAB", "HSV")
"""Modes whose black is not 0."""


def read_mask(mask: Picture, picture: Picture) -> NDArray[np.bool_]:
    """Reads a mask picture: every value but 0 is inside, transparent pixels are outside.

    Where the mask's format may have changed values (JPEG, WebP …, also within a TIFF), values from
    half of the range on are inside. EXIF orientations of the mask and of the picture are undone.

    Args:
        mask: A picture of the same size as `picture`; in one with a palette the index counts.
        picture: The picture that it belongs to.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: It can't be read, differs in size from the picture, or is empty.
    """
    with opened(mask) as image:
        image.load()
        lossy = may_be_lossy(image)
        inside = np.empty((image.height, image.width), bool)
        for top, band in bands(image):
            inside[top : top + band.height] = _marked(band, lossy=lossy)
        turned = orientation(image)
    if turned != 1:
        inside = np.asarray(upright(Image.fromarray(inside.view(np.uint8)), turned)).astype(bool)
    check_size(inside.shape, picture, f"{name_of(mask)}: the mask")
    if not inside.any():
        why = "; in a lossy format, values below half of the range are outside" if lossy else ""
        raise InputError(f"{name_of(mask)}: the mask is empty{why}")
    return inside


def check_size(shape: tuple[int, ...], picture: Picture, what: str) -> None:
    """Checks that a mask is as large as its picture.

    Args:
        shape: Height and width of the mask.
        picture: The picture that it belongs to.
        what: Name of the mask, for the message.

    Raises:
        InputError: The sizes differ, or the picture can't be read.
    """
    height, width = image_size(picture)
    if shape != (height, width):
        lying = shape == (width, height)
        why = "; draw it on the picture as viewers show it, turned by its EXIF" if lying else ""
        raise InputError(
            f"{what} is {shape[1]} × {shape[0]}, its picture {width} × {height} pixels{why}"
        )


def shrunk(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Shrinks a mask with its picture.

    Args:
        mask: bool `[height, width]`, not empty.
        size: Width and height after it, neither larger than the mask's.

    Returns:
        bool, of that size. A pixel is inside if at least half of it is; if no pixel is, those of
        which any part is.
    """
    if mask.shape == size[::-1]:
        return mask
    share = Image.fromarray(mask.view(np.uint8) * np.uint8(255)).resize(size, Image.Resampling.BOX)
    inside = np.asarray(share) > 127
    if not inside.any():
        y, x = np.nonzero(mask)
        inside = np.zeros(size[::-1], bool)
        inside[y * size[1] // mask.shape[0], x * size[0] // mask.shape[1]] = True
    return inside


def box_of(mask: NDArray[np.bool_]) -> Box:
    """Returns the smallest box that holds all of a mask.

    Args:
        mask: bool `[height, width]`, not empty.

    Raises:
        InputError: The mask is empty.

    Example:
        >>> box_of(np.array([[False, False, False], [False, True, True]]))
        (1, 1, 3, 2)
    """
    if not mask.any():
        raise InputError("an empty mask has no box")
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _marked(band: Image.Image, *, lossy: bool) -> NDArray[np.bool_]:
    values = np.asarray(band.convert("RGB") if band.mode in _TO_RGB else band)
    if band.mode.endswith(("A", "a")):
        values = values[..., :-1] * (values[..., -1:] > 0)
    half = np.iinfo(values.dtype).max // 2 if lossy and values.dtype != bool else 0
    marked: NDArray[np.bool_] = values > half if lossy else values != 0
    return marked if marked.ndim == 2 else np.any(marked, axis=-1)
