"""Reading pictures of any kind as RGB, or saying in one line why not."""

import io
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from vlminterp.errors import InputError
from vlminterp.paths import printable

PIXEL_LIMIT = 178_956_970
"""Pictures with more pixels are refused; as Pillow, which takes more for a decompression bomb."""

Picture = Path | bytes | Image.Image
"""A file's path, an encoded picture, or an image at hand."""

# What Pillow's decoders were seen to raise on broken files.
_BROKEN = (
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


def read_image(picture: Picture) -> Image.Image:
    """Reads a picture upright and in RGB: the first frame, transparency on white.

    Args:
        picture: A file's path, an encoded picture, or an image at hand.

    Returns:
        An RGB image that holds no file open.

    Raises:
        InputError: It is missing, unreadable, empty, broken, too large or no picture.
    """
    with opened(picture) as image:
        return to_rgb(image)


def image_size(picture: Picture) -> tuple[int, int]:
    """Height and width of a picture as `read_image` returns it, without decoding it.

    Raises:
        InputError: As `read_image`, except that a truncated body goes unnoticed.
    """
    with opened(picture) as image:
        width, height = image.size
        return (width, height) if _orientation(image) in _QUARTER_TURNS else (height, width)


def to_rgb(image: Image.Image) -> Image.Image:
    """Turns an image upright (EXIF) and into RGB.

    Transparent pixels are laid on white. 16- and 32-bit greys are scaled by the range that their
    mode can hold, not clipped.

    Raises:
        InputError: Its mode has no agreed range (floating point) or no way to RGB.
    """
    turn = _UPRIGHT.get(_orientation(image))
    if image.mode.startswith("I"):
        rgb = _eight_bits(image).convert("RGB")
    elif image.mode == "F":
        raise InputError("floating-point pixels have no agreed range; save it with 8 or 16 bits")
    elif image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        rgb = Image.alpha_composite(white, layer).convert("RGB")
    else:
        rgb = image.convert("RGB")
    upright = rgb if turn is None else rgb.transpose(turn)
    # Or an image that is read twice would be turned twice.
    upright.info.clear()
    return upright


@contextmanager
def opened(picture: Picture) -> Iterator[Image.Image]:
    """Opens a picture for the `with` block; whatever goes wrong in it is one `InputError`."""
    name = name_of(picture)
    try:
        # Pillow warns of broken metadata and of sizes; ours is the limit, and pixels are not meta.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            with _handle(picture) as image:
                _check_size(image)
                yield image
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: {_too_large()}") from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name}: not a picture of a known format") from error
    except PermissionError as error:
        raise InputError(f"{name}: no permission to read it") from error
    except _BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{name}: broken or truncated picture ({reason})") from error


def name_of(picture: Picture) -> str:
    """What to call a picture in a message."""
    return printable(str(picture)) if isinstance(picture, Path) else "picture"


def _handle(picture: Picture) -> AbstractContextManager[Image.Image]:
    if isinstance(picture, Image.Image):
        return nullcontext(picture)  # the caller's own: not ours to close
    if isinstance(picture, Path):
        _check_file(picture)
        return Image.open(picture)
    if not picture:
        raise InputError("is empty (0 bytes)")
    return Image.open(io.BytesIO(picture))


def _check_file(path: Path) -> None:
    """Names the commonest faults better than the decoder would; a pipe would block it for ever."""
    try:
        kind = path.stat()
    except FileNotFoundError as error:
        raise InputError("no such file") from error
    except (OSError, ValueError) as error:  # a name too long, a null character in it
        raise InputError(f"can't be opened ({error})") from error
    if stat.S_ISDIR(kind.st_mode):
        raise InputError("is a folder, not a picture")
    if not stat.S_ISREG(kind.st_mode):
        raise InputError("is not a regular file")
    if kind.st_size == 0:
        raise InputError("is empty (0 bytes)")


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise InputError(f"{width} × {height} pixels: {_too_large()}")
    if width * height == 0:
        raise InputError(f"has no pixels ({width} × {height})")


def _too_large() -> str:
    return f"larger than the limit of {PIXEL_LIMIT // 10**6} million pixels; shrink it first"


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1…8; 1 where the EXIF is absent or broken, as viewers do."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except _BROKEN:
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scales 16- or 32-bit greys to 8 bits."""
    values = np.asarray(image).astype(np.float64)
    # Pillow reads some 16-bit files (PGM, older PNG) into 32-bit "I": their range is 16 bits.
    sixteen = image.mode.startswith("I;16") or values.max() <= np.iinfo(np.uint16).max
    full = np.iinfo(np.uint16).max if sixteen else np.iinfo(np.int32).max
    return Image.fromarray(np.round(values.clip(0) * (255 / full)).astype(np.uint8))
