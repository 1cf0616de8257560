"""The OpenMoji pictures that scenes are made of (CC BY-SA 4.0), scaled and ready to paste."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

SPRITES = Path(__file__).parent / "sprites"
_OPAQUE = 128


@dataclass(frozen=True)
class Sprite:
    """A picture at one size, with a hard outline: each pixel belongs to it or not.

    Attributes:
        colours: Colours of its pixels, uint8 `[height, width, 3]`.
        visible: Whether each pixel belongs to it, bool `[height, width]`.
    """

    colours: NDArray[np.uint8]
    visible: NDArray[np.bool_]


@lru_cache(maxsize=4096)
def sprite(code: str, size: int, *, mirrored: bool = False) -> Sprite:
    """Loads one picture.

    Args:
        code: OpenMoji code point.
        size: Length of the longer side, in pixels.
        mirrored: Whether left and right are swapped.
    """
    with Image.open(SPRITES / f"{code}.png", formats=["PNG"]) as file:
        picture = file.convert("RGBA")
    scale = size / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BOX)
    if mirrored:
        picture = ImageOps.mirror(picture)
    pixels = np.asarray(picture)
    return Sprite(np.ascontiguousarray(pixels[..., :3]), pixels[..., 3] >= _OPAQUE)


def paste(
    image: NDArray[np.uint8], picture: Sprite, left: int, top: int
) -> tuple[slice, slice] | None:
    """Pastes a sprite into an image, in place; parts outside are cut off.

    Args:
        image: uint8 `[height, width, 3]`.
        picture: The sprite.
        left: Column of its left edge; may be negative.
        top: Row of its top edge; may be negative.
    """
    height, width = picture.visible.shape
    rows = slice(max(top, 0), min(top + height, image.shape[0]))
    columns = slice(max(left, 0), min(left + width, image.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    part = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    np.copyto(image[rows, columns], picture.colours[part], where=picture.visible[part][..., None])
    return part
