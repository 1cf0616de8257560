"""Reads pictures of any kind as RGB, or says in one line why it can't."""

import io
import math
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from vlminterp.data.picture_formats import readable_formats, unknown_format
from vlminterp.data.quiet import without_pillow_warnings
from vlminterp.data.rgb import BROKEN, to_rgb, upright_size
from vlminterp.errors import InputError
from vlminterp.paths import printable

PIXEL_LIMIT = 178_956_970
"""Pictures with more pixels are refused, as by Pillow, which takes them for decompression bombs."""

Picture = Path | bytes | Image.Image
"""A file's path, an encoded picture, or an image in memory."""

_DECODER_MEMORY = 900 * 10**6
"""Bytes that decoding one picture may take."""

_PIXEL = 4
"""Bytes of a decoded pixel, as Pillow holds RGB."""

_COPIES = {
    "JPEG": 2,  # if it is progressive
    "MPO": 2,
    "TIFF": 2,  # if it is turned
    "AVIF": 3,
    "HEIF": 3,
    "JXL": 3,
    "WEBP": 4,
    "JPEG2000": 5,
}
"""How many pictures a format's decoder holds at its peak, as measured; 1 where not listed."""

REDUCED_ABOVE = 2**25
"""Files with more pixels are read at a half, a third … of their width and height."""

_ORIGINAL_SIZE = "vlminterp_original_size"


def read_image(picture: Picture) -> Image.Image:
    """Reads a picture upright and in RGB: the first frame, transparency on white.

    Args:
        picture: A file's path, an encoded picture, or an image in memory.

    Returns:
        An RGB image that holds no file open. A file of more than `REDUCED_ABOVE` pixels is reduced
        by a whole number, so that memory is bounded; `original_size` gives its size before.

    Raises:
        InputError: It is missing, unreadable, empty, broken, too large or no picture.
    """
    with opened(picture) as image:
        if isinstance(picture, Image.Image):
            return to_rgb(image)
        factor = math.ceil(math.sqrt(image.width * image.height / REDUCED_ABOVE))
        rgb = to_rgb(image, factor)
        if factor > 1:
            rgb.info[_ORIGINAL_SIZE] = upright_size(image)
        return rgb


def image_size(picture: Picture) -> tuple[int, int]:
    """Returns a picture's upright height and width, before any reduction, without decoding it.

    Raises:
        InputError: `read_image` would raise one, except for a truncated body, which goes unnoticed.
    """
    with opened(picture) as image:
        return upright_size(image)


def original_size(image: Image.Image) -> tuple[int, int]:
    """Returns the height and width of the picture that `read_image` made an image from."""
    size: tuple[int, int] = image.info.get(_ORIGINAL_SIZE, (image.height, image.width))
    return size


@contextmanager
def opened(picture: Picture) -> Iterator[Image.Image]:
    """Opens a picture for the `with` block; turns errors in it into one-line InputErrors."""
    name = name_of(picture)
    try:
        # Pillow warns of broken metadata, which leave pixels alone, and of sizes: we limit them.
        with without_pillow_warnings(), _handle(picture) as image:
            _check_size(image)
            yield image
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except Image.DecompressionBombError as error:
        raise InputError(f"{name}: {_too_large(PIXEL_LIMIT)}") from error
    except UnidentifiedImageError as error:
        suffix = picture.suffix.lower() if isinstance(picture, Path) else ""
        raise InputError(f"{name}: {unknown_format(suffix)}") from error
    except PermissionError as error:
        raise InputError(f"{name}: no permission to read it") from error
    except BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{name}: broken or truncated picture ({reason})") from error


def name_of(picture: Picture) -> str:
    """Returns a picture's name for messages."""
    return printable(str(picture)) if isinstance(picture, Path) else "picture"


@contextmanager
def _handle(picture: Picture) -> Iterator[Image.Image]:
    if isinstance(picture, Image.Image):
        yield picture  # it is the caller's to close
        return
    if isinstance(picture, Path):
        _check_file(picture)
    elif not picture:
        raise InputError("is empty (0 bytes)")
    with (
        # Never open by name: Pillow would map some TIFFs into memory, and garble turned ones.
        picture.open("rb") if isinstance(picture, Path) else io.BytesIO(picture) as file,
        Image.open(file, formats=readable_formats()) as image,
    ):
        yield image


def _check_file(path: Path) -> None:
    """Checks for common faults, to name them better than decoders do; a pipe would block them."""
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
    copies = _COPIES.get(image.format or "", 1)
    limit = min(PIXEL_LIMIT, _DECODER_MEMORY // (_PIXEL * copies))
    if width * height > limit:
        raise InputError(f"{width} × {height} pixels: {_too_large(limit)}")
    if width * height == 0:
        raise InputError(f"has no pixels ({width} × {height})")


def _too_large(limit: int) -> str:
    return f"larger than the limit of {limit // 10**6} million pixels; shrink it first"
