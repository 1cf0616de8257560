"""Picture formats that are read, and the packages that read them; Pillow gets no others."""

from contextlib import suppress
from functools import cache
from importlib import import_module

from PIL import Image

_BUILT_IN = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000", "PPM")
# Read where their packages are installed: pip install 'vlminterp[pictures]'.
_BY_PACKAGE = {"HEIF": "pillow_heif", "JXL": "pillow_jxl"}

_LOSSY = frozenset(("JPEG", "MPO", "WEBP", "AVIF", "JPEG2000", "HEIF", "JXL"))
_LOSSY_IN_TIFF = frozenset(("jpeg", "tiff_jpeg", "webp"))

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff"),
    *(".avif", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm"),
    *(".heic", ".heif", ".hif", ".jxl"),
)
"""Suffixes of picture files; those that no installed package reads are counted as skipped."""

_SUFFIXES_BY_PACKAGE = (".heic", ".heif", ".hif", ".jxl")


@cache
def readable_formats() -> tuple[str, ...]:
    """Returns Pillow's names of the formats that are read.

    The list is closed because Pillow knows formats that start another program (EPS starts
    Ghostscript), and formats that any bytes may be taken for.
    """
    for package in _BY_PACKAGE.values():
        with suppress(ImportError):
            module = import_module(package)  # pillow_jxl registers itself
            if register := getattr(module, "register_heif_opener", None):
                register()
    Image.init()
    return tuple(name for name in (*_BUILT_IN, *_BY_PACKAGE) if name in Image.OPEN)


def unknown_format(suffix: str) -> str:
    """Says why a picture's format is not read, and what to do.

    Args:
        suffix: Suffix of its file, in lower case; empty where there is no file.
    """
    if suffix in _SUFFIXES_BY_PACKAGE:
        return f"no installed package reads {suffix}; pip install 'vlminterp[pictures]'"
    return "not a picture of a known format"


def may_be_lossy(image: Image.Image) -> bool:
    """Tells whether an opened picture's format may have changed its values.

    A black and white mask then comes back with greys in it.
    """
    return image.format in _LOSSY or image.info.get("compression") in _LOSSY_IN_TIFF
