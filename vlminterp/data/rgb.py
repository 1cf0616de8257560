"""Converts pixels of any mode to upright RGB, in bands so that little memory is needed."""

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from vlminterp.errors import InputError

# Exceptions that Pillow's decoders were seen to raise on broken files.
BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError,
    AttributeError, RuntimeError, AssertionError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUARTER_TURNS = (5, 6, 7, 8)
_BAND = 2**22  # pixels converted at once
_SIXTEEN_BITS = 2**16 - 1
_BLACK = 2**4
"""Divisor of the range; where no pixel reaches that part of it, the picture looks black."""


def to_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Turns an image upright (EXIF) and into RGB.

    Transparent pixels are laid on white. 16- and 32-bit greys are scaled by the range that their
    mode can hold, not clipped.

    Args:
        image: An image in any mode.
        factor: Divisor of both sides, ≥ 1; pixels are averaged.

    Raises:
        InputError: Its mode has no agreed range (floating point), or its values use so little of
            their range that the picture would be black.
        ValueError: Pillow can't convert its mode to RGB.
    """
    # Pillow keeps the upper 8 of 16 bits of colours, and says so only before it decodes.
    deep = ";16" in str(getattr(image, "tile", ""))
    image.load()
    full = _range(image)
    if deep and not image.mode.startswith("I"):
        _refuse_black(_highest(image) * 256 + 255, _SIXTEEN_BITS)
    if factor == 1 and image.width * image.height <= _BAND:
        rgb = _converted(image, full)
    else:
        size = (math.ceil(image.width / factor), math.ceil(image.height / factor))
        rgb = Image.new("RGB", size)
        for top, band in bands(image, factor):
            rgb.paste(_converted(band, full).reduce(factor), (0, top // factor))
    rgb = upright(rgb, orientation(image))
    # With its EXIF left in, an image that is read twice would be turned twice.
    rgb.info.clear()
    return rgb


def upright(image: Image.Image, turned: int) -> Image.Image:
    """Undoes an EXIF orientation as `PIL.ImageOps.exif_transpose` does.

    That function also rewrites the EXIF, and fails where it is broken.

    Args:
        image: The image as it is stored.
        turned: Its orientation, 1…8; any other value leaves it as it is.
    """
    method = _UPRIGHT.get(turned)
    return image if method is None else image.transpose(method)


def orientation(image: Image.Image) -> int:
    """Returns the orientation in the EXIF, 1…8; 1 if that is absent or broken, as in viewers.

    Call it only once the image is loaded: Pillow turns TIFFs itself as it decodes them.
    """
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except BROKEN:
        return 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Returns the height and width of an image once it is upright, whether it is loaded or not."""
    if image.format == "TIFF":
        # The size that Pillow gives for a TIFF may be before, after or amid its turn, by version.
        tags = image.tag_v2  # type: ignore[attr-defined]  # of TiffImageFile
        stored = (int(tags[256]), int(tags[257]))
        turned = int(tags.get(_ORIENTATION_TAG, 1)) if stored == image.size else 1
        width, height = image.size if turned == 1 else stored
    else:
        turned = orientation(image)
        width, height = image.size
    return (width, height) if turned in _QUARTER_TURNS else (height, width)


def bands(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Cuts an image into strips from top to bottom.

    Args:
        image: An image of any size and mode.
        factor: Divisor of the strips' heights, except for the last.

    Yields:
        The row at which each strip begins, and the strip.
    """
    rows = max(_BAND // image.width // factor, 1) * factor
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _converted(image: Image.Image, full: int) -> Image.Image:
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.float64)
        scaled = np.round(values.clip(0) * (255 / full)).astype(np.uint8)
        return Image.fromarray(scaled).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _range(image: Image.Image) -> int:
    """Returns the value that stands for white.

    Raises:
        InputError: It is not known.
    """
    if image.mode == "F":
        raise InputError("floating-point pixels have no agreed range; save it with 8 or 16 bits")
    if not image.mode.startswith("I"):
        return 255
    highest = _highest(image)
    # Pillow reads some 16-bit files (PGM, older PNG) into 32-bit "I": their range is 16 bits.
    sixteen = image.mode.startswith("I;16") or highest <= _SIXTEEN_BITS
    full = _SIXTEEN_BITS if sixteen else int(np.iinfo(np.int32).max)
    _refuse_black(highest, full)
    return full


def _highest(image: Image.Image) -> int:
    """Returns the highest value of a colour, transparency aside."""
    colours = sum(band != "A" for band in image.getbands())
    strips = (np.asarray(band) for _, band in bands(image))
    return max(int((band if band.ndim == 2 else band[..., :colours]).max()) for band in strips)


def _refuse_black(highest: int, full: int) -> None:
    """Refuses values that are stored in more bits than they were measured in.

    Args:
        highest: The highest value; 0 is a picture that is black itself.
        full: The value that stands for white.
    """
    if 0 < highest <= full // _BLACK:
        raise InputError(
            f"its brightest pixel is {highest} of {full}, so it would come out black: 12-bit data "
            "in 16 bits, or the like? stretch it to the whole range first"
        )
