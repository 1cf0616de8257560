"""The truth of where a caption's object is: a mask picture, or boxes."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlminterp.errors import InputError
from vlminterp.images import Picture, image_size, name_of, opened

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels; right and bottom are not inside."""


def read_mask(mask: Picture, picture: Picture) -> NDArray[np.bool_]:
    """Reads a mask picture: every value but 0 is inside, transparent pixels are outside.

    Args:
        mask: A picture of the same size as `picture`; of a palette the index counts.
        picture: The picture that it is about.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: It can't be read, differs in size from the picture, or is empty.
    """
    with opened(mask) as image:
        values = np.asarray(image)
        if image.mode in ("LA", "RGBA"):
            values = values[..., :-1] * (values[..., -1:] > 0)
    inside = (values if values.ndim == 2 else values.any(axis=-1)).astype(np.bool_)
    height, width = image_size(picture)
    if inside.shape != (height, width):
        raise InputError(
            f"{name_of(mask)}: the mask is {inside.shape[1]} × {inside.shape[0]}, "
            f"its picture {width} × {height} pixels"
        )
    if not inside.any():
        raise InputError(f"{name_of(mask)}: the mask is empty")
    return inside


def box_of(mask: NDArray[np.bool_]) -> Box:
    """The smallest box that holds all of a mask.

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


def boxes_mask(boxes: Sequence[Box], picture: Picture) -> NDArray[np.bool_]:
    """Fills boxes; a pixel is inside where its centre is.

    Args:
        boxes: At least one; what reaches beyond the picture is cut off.
        picture: The picture that they are about, upright.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: The picture can't be read, or a box holds none of its pixels.
    """
    height, width = image_size(picture)
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    inside = np.zeros((height, width), dtype=bool)
    for left, top, right, bottom in boxes:
        box = np.outer((top <= y) & (y < bottom), (left <= x) & (x < right))
        if not box.any():
            raise InputError(
                f"{name_of(picture)}: box {[left, top, right, bottom]} holds no pixel "
                f"of the {width} × {height}"
            )
        inside |= box
    return inside


def parse_boxes(value: object) -> tuple[Box, ...]:
    """Checks the boxes of one row.

    Args:
        value: A list of `[left, top, right, bottom]`, in pixels.

    Raises:
        InputError: It is anything else; the message says what.

    Example:
        >>> parse_boxes([[0, 0, 10, 20]])
        ((0.0, 0.0, 10.0, 20.0),)
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InputError("boxes must be a list of [left, top, right, bottom]")
    return tuple(_parse_box(box) for box in value)


def _parse_box(value: object) -> Box:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise InputError(f"box {value} is not [left, top, right, bottom]")
    if not all(isinstance(edge, int | float) and math.isfinite(edge) for edge in value):
        raise InputError(f"box {list(value)} is not made of four numbers")
    left, top, right, bottom = (float(edge) for edge in value)
    if not (left < right and top < bottom):
        raise InputError(f"box {list(value)} is empty: it must be [left, top, right, bottom]")
    return left, top, right, bottom
