"""Masks in a folder, named like the pictures that they belong to."""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from vlminterp.data.masks import read_mask
from vlminterp.data.picture_formats import SUFFIXES
from vlminterp.data.rgb import BROKEN
from vlminterp.errors import InputError

Mask = NDArray[np.bool_]

VALUES = (0, 1, 255)
"""Values that an array may hold; anything else is no mask, but probabilities or labels."""

LARGEST = 2**28
"""Maximum number of bytes of an array: a mask of as many pixels as a picture may have."""


def mask_file(folder: Path, name: str) -> Path | None:
    """Returns the file of a picture's mask; None if there is none.

    Args:
        folder: The folder of masks; no file outside of it is found.
        name: The picture's name within the data, such as `owl/3.jpg`.

    Raises:
        InputError: The name is empty, or leads out of the folder.
    """
    place = PurePosixPath(name)
    if not place.parts or place.is_absolute() or ".." in place.parts:
        raise InputError(
            f"no mask in {folder} can be named like the picture '{name}'; list pictures by "
            "relative paths without .., or name them in a column id"
        )
    # Other dots belong to the name: the mask of v1.5_3 is v1.5_3.png.
    bare = place.with_suffix("") if place.suffix.lower() in SUFFIXES else place
    files = (folder / bare.with_name(bare.name + end) for end in READERS)
    return next((file for file in files if file.is_file()), None)


def read_file(file: Path) -> Mask:
    """Reads a mask from a file that `mask_file` has found, bool `[height, width]`.

    Raises:
        InputError: It can't be read, or holds no mask.
    """
    return READERS[file.suffix](file)


def _picture(file: Path) -> Mask:
    return read_mask(file, file)


def _array(file: Path) -> Mask:
    """Reads a mask of NumPy's format, as ImageNet-9 has them."""
    try:
        if (size := file.stat().st_size) > LARGEST:
            raise InputError(f"{file}: {size} bytes are more than a mask has; limit: {LARGEST}")
        with file.open("rb") as opened:
            values = np.lib.format.read_array(opened, allow_pickle=False)
    except (*BROKEN, TokenError) as error:
        raise InputError(f"{file}: no array that can be read ({error})") from error
    if values.ndim not in (2, 3) or not values.size:
        raise InputError(f"{file}: an array of shape {values.shape} is no mask")
    if values.dtype.kind not in "buif" or not np.isin(values, VALUES).all():
        raise InputError(f"{file}: a mask holds True and False, or nothing but 0, 1 and 255")
    marked: Mask = np.any(values.reshape(*values.shape[:2], -1) != 0, axis=-1)
    return marked


READERS: Mapping[str, Callable[[Path], Mask]] = {".png": _picture, ".npy": _array}
"""Functions that read masks, by the ends of their names."""
