"""COCO's segmentations (run lengths or polygons) as the truth of where a caption's object is."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from vlminterp.data.boxes import check_reach
from vlminterp.data.images import Picture, image_size, name_of
from vlminterp.data.masks import check_size
from vlminterp.errors import InputError

Mask = NDArray[np.bool_]
Polygon = Sequence[float]
"""x and y of each corner in turn, in pixels."""

_LARGEST = 2**40
"""A coordinate beyond any picture; infinite and undefined numbers are not below it either."""


def segmentation_mask(value: object, picture: Picture) -> Mask:
    """Draws the pixels that COCO's `segmentation` marks.

    Args:
        value: Run lengths `{"size": [height, width], "counts": …}`, compressed or not, or a list of
            polygons, which are joined.
        picture: The picture that it belongs to, upright.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: It is anything else, is of another size than the picture or reaches far beyond
            it, or marks no pixel.
    """
    if isinstance(value, Mapping):
        size, counts = _run_lengths(value)
        check_size(size, picture, f"{name_of(picture)}: the segmentation")
        inside = decode_runs(counts, size)
    else:
        inside = _joined(_polygons(value), picture)
    if not inside.any():
        raise InputError(f"{name_of(picture)}: the segmentation marks no pixel")
    return inside


def check_segmentation(value: object) -> None:
    """Checks that a value is run lengths or polygons, without drawing it.

    Raises:
        InputError: It is neither.
    """
    if isinstance(value, Mapping):
        _run_lengths(value)
    else:
        _polygons(value)


def decode_runs(counts: Sequence[int], size: tuple[int, int]) -> Mask:
    """Draws run lengths: column by column, zeros first.

    Args:
        counts: Lengths, ≥ 0, whose sum is the number of pixels.
        size: Height and width.

    Returns:
        bool `[height, width]`.

    Raises:
        InputError: They don't add up to the size.

    Example:
        >>> decode_runs([1, 3], (2, 2)).tolist()
        [[False, True], [True, True]]
    """
    height, width = size
    if min(counts, default=0) < 0 or sum(counts) != height * width:
        raise InputError(f"the run lengths don't add up to {width} × {height} pixels")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def uncompressed(text: str | bytes) -> list[int]:
    """Reads COCO's compressed run lengths.

    Each number is written in groups of five bits, lowest first, as the characters from "0" on; a
    sixth bit says that more follow. From the fourth on, a number is the difference from the number
    two before it.

    Raises:
        InputError: The text is damaged or cut off.

    Example:
        >>> uncompressed("013000")
        [0, 1, 3, 1, 3, 1]
    """
    counts: list[int] = []
    number = shift = 0
    for code in text.encode() if isinstance(text, str) else text:
        group = code - 48
        if not 0 <= group < 64 or shift > 60:
            raise InputError("its compressed run lengths are damaged")
        number |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            number -= 1 << shift
        counts.append(number + counts[-2] if len(counts) > 2 else number)
        number = shift = 0
    if shift:
        raise InputError("its compressed run lengths are cut off")
    return counts


def fill_polygon(polygon: Polygon, inside: Mask) -> None:
    """Marks the pixels whose centres lie in a polygon (even-odd rule).

    Args:
        polygon: Its corners; the last is joined to the first.
        inside: Mask that is written to, bool `[height, width]`.

    Example:
        >>> inside = np.zeros((2, 4), bool)
        >>> fill_polygon([1, 0, 3, 0, 3, 2, 1, 2], inside)
        >>> inside[0].tolist()
        [False, True, True, False]
    """
    height, width = inside.shape
    crossings = np.zeros((height, width + 1), bool)
    corners = list(zip(polygon[::2], polygon[1::2], strict=True))
    for (x, y), (other_x, other_y) in pairwise([*corners, corners[0]]):
        first, last = sorted((math.ceil(y - 0.5), math.ceil(other_y - 0.5)))
        rows = np.arange(max(first, 0), min(last, height))
        if len(rows):
            at = x + (rows + 0.5 - y) * (other_x - x) / (other_y - y)
            columns = np.ceil(at - 0.5).clip(0, width).astype(int)
            crossings[rows, columns] ^= True
    inside |= np.logical_xor.accumulate(crossings, axis=1)[:, :width]


def _joined(polygons: Sequence[Polygon], picture: Picture) -> Mask:
    inside = np.zeros(image_size(picture), bool)
    for polygon in polygons:
        fill_polygon(polygon, inside)
        what = f"{name_of(picture)}: a polygon of the segmentation"
        check_reach(polygon[::2], polygon[1::2], image_size(picture), what)
    return inside


def _run_lengths(value: Mapping[object, object]) -> tuple[tuple[int, int], list[int]]:
    size, counts = value.get("size"), value.get("counts")
    if not _integers(size) or len(size) != 2 or min(size) < 1:
        raise InputError(f"the segmentation's size {size} is not [height, width]")
    if isinstance(counts, str | bytes):
        counts = uncompressed(counts)
    if not _integers(counts):
        raise InputError("the segmentation's counts are no run lengths")
    return (size[0], size[1]), list(counts)


def _polygons(value: object) -> Sequence[Polygon]:
    polygons = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if not polygons:
        raise InputError("a segmentation is COCO's run lengths or a list of polygons")
    for polygon in polygons:
        if not (_coordinates(polygon) and len(polygon) >= 6 and len(polygon) % 2 == 0):
            raise InputError("a polygon of the segmentation is no list [x, y, x, y, x, y …]")
    return polygons


def _integers(value: object) -> TypeGuard[Sequence[int]]:
    return _coordinates(value) and all(isinstance(one, int) for one in value)


def _coordinates(value: object) -> TypeGuard[Polygon]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return False
    return all(isinstance(one, int | float) and abs(one) < _LARGEST for one in value)
