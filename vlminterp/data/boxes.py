"""Boxes as the truth of where a caption's object is."""

import math
from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from vlminterp.data.images import Picture, image_size, name_of
from vlminterp.errors import InputError

Box = tuple[float, float, float, float]
"""Left, top, right, bottom; the right and bottom edges are not inside."""

_ROUNDING = 0.01
"""Share of the picture by which boxes may reach beyond it."""


class BoxFormat(Enum):
    """Meaning of the four numbers of a box."""

    xyxy = "xyxy"
    """Left, top, right, bottom in pixels."""
    xywh = "xywh"
    """Left, top, width, height in pixels, as COCO's annotations have it."""
    normalised = "normalised"
    """Left, top, right, bottom as shares of the picture's width and height."""


_NUMBERS = {
    BoxFormat.xyxy: "[left, top, right, bottom]",
    BoxFormat.xywh: "[left, top, width, height]",
    BoxFormat.normalised: "[left, top, right, bottom] in shares",
}


def parse_boxes(value: object, box_format: BoxFormat | None = None) -> tuple[Box, ...]:
    """Checks the boxes of one row.

    Args:
        value: A list of boxes.
        box_format: Meaning of their numbers; None for pixels as left, top, right, bottom, unless
            they might be shares.

    Returns:
        Left, top, right, bottom of each box: pixels, or shares if they came as such.

    Raises:
        InputError: It is anything else, or is likely to mean something else; the message says what.

    Example:
        >>> parse_boxes([[0, 0, 10, 20]]), parse_boxes([[5, 5, 2, 3]], BoxFormat.xywh)
        (((0.0, 0.0, 10.0, 20.0),), ((5.0, 5.0, 7.0, 8.0),))
    """
    meant = box_format or BoxFormat.xyxy
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InputError(f"boxes must be a list of {_NUMBERS[meant]}")
    numbers = [_numbers(box, meant) for box in value]
    said = box_format is not None
    if meant is not BoxFormat.normalised and _might_be_shares(numbers, said=said):
        raise InputError(
            f"boxes {[list(box) for box in numbers]} lie within [0, 1]: shares of the picture? "
            "say data.boxes=normalised, or xyxy if they are whole pixels"
        )
    return tuple(_edges(box, meant) for box in numbers)


def boxes_mask(
    boxes: Sequence[Box], picture: Picture, *, shares: bool = False
) -> NDArray[np.bool_]:
    """Fills boxes; a pixel is inside where its centre is.

    Args:
        boxes: One box or more; what reaches a little beyond the picture is cut off.
        picture: The picture that they belong to, upright.
        shares: Whether they are shares of the picture, not pixels.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: The picture can't be read, or a box holds none of its pixels or reaches far
            beyond it.
    """
    height, width = image_size(picture)
    across, down = (width, height) if shares else (1, 1)
    inside = np.zeros((height, width), dtype=bool)
    for box in boxes:
        x, y = [edge * across for edge in box[::2]], [edge * down for edge in box[1::2]]
        left, right = (_first_centre(edge, width) for edge in x)
        top, bottom = (_first_centre(edge, height) for edge in y)
        if left >= right or top >= bottom:
            raise InputError(
                f"{name_of(picture)}: box {list(box)} holds no pixel of the {width} × {height}"
            )
        check_reach(x, y, (height, width), f"{name_of(picture)}: box {list(box)}")
        inside[top:bottom, left:right] = True
    return inside


def check_reach(x: Sequence[float], y: Sequence[float], size: tuple[int, int], what: str) -> None:
    """Checks that places lie on a picture, to rounding and a pixel.

    Places far beyond it are those of a picture of another size, or not what they are taken for.

    Args:
        x: Distances from the left, in pixels.
        y: Distances from the top, in pixels.
        size: Height and width of the picture.
        what: Name of what they belong to, for the message.

    Raises:
        InputError: One lies far beyond the picture.
    """
    for places, length in ((x, size[1]), (y, size[0])):
        beyond = length * _ROUNDING + 1
        if min(places) < -beyond or max(places) > length + beyond:
            raise InputError(
                f"{what} reaches far beyond the {size[1]} × {size[0]} pixels: was the picture "
                "resized, or are the numbers of another format (data.boxes)?"
            )


def _first_centre(edge: float, end: int) -> int:
    """Returns the first pixel whose centre is not before an edge, in [0, end]."""
    return min(max(math.ceil(edge - 0.5), 0), end)


def _numbers(value: object, meant: BoxFormat) -> Box:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise InputError(f"box {value} is not {_NUMBERS[meant]}")
    if not all(isinstance(edge, int | float) and math.isfinite(edge) for edge in value):
        raise InputError(f"box {list(value)} is not made of four numbers")
    return float(value[0]), float(value[1]), float(value[2]), float(value[3])


def _might_be_shares(boxes: Sequence[Box], *, said: bool) -> bool:
    edges = [edge for box in boxes for edge in box]
    within = all(0 <= edge <= 1 for edge in edges)
    return within and not (said and all(edge.is_integer() for edge in edges))


def _edges(box: Box, meant: BoxFormat) -> Box:
    left, top, right, bottom = box
    if meant is BoxFormat.xywh:
        right, bottom = left + right, top + bottom
    if not (left < right and top < bottom):
        raise InputError(
            f"box {list(box)} is empty: it must be {_NUMBERS[meant]}, unless data.boxes names "
            "another format"
        )
    if meant is BoxFormat.normalised and not (
        min(left, top) >= -_ROUNDING and max(right, bottom) <= 1 + _ROUNDING
    ):
        raise InputError(f"box {list(box)} is not within [0, 1], but data.boxes=normalised")
    return left, top, right, bottom
