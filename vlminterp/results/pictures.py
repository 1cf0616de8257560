"""Pictures, and names for them that any file system takes."""

import hashlib
import io
import re

from PIL import Image

LOSSLESS = 160
"""Longest side, in pixels, up to which every picture is kept as PNG: losses show in small ones."""
QUALITY = 85
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_HASHED = re.compile(r".*-[0-9a-f]{12}")


def file_name(name: str) -> str:
    """Returns a file name for any string; different strings get different names.

    Args:
        name: Any string, e.g. a pair's id: it may be empty or very long, and hold any character.

    Returns:
        The name itself if it is harmless, else its readable part and a hash; without an extension,
        and in lower case, since some file systems ignore case.

    Example:
        >>> file_name("0001-overlay"), file_name("../Ж.jpg")
        ('0001-overlay', 'jpg-a285a1ba93d4')
    """
    if _SAFE.fullmatch(name) and not _HASHED.fullmatch(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{readable}-{digest}" if readable else f"picture-{digest}"


def encoded(image: Image.Image, *, exact: bool) -> tuple[bytes, str]:
    """Encodes a picture; equal pixels give equal bytes.

    Args:
        image: Picture of any mode.
        exact: Whether every pixel must be kept. Else a picture that is large and not transparent
            becomes a JPEG of full colour resolution, a tenth as large and drawn faster.

    Returns:
        The bytes, and the file's extension.
    """
    if exact or max(image.size) <= LOSSLESS or "A" in image.getbands():
        return to_png(image), "png"
    bare = image.convert("RGB")
    bare.info.clear()
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue(), "jpg"


def to_png(image: Image.Image) -> bytes:
    """Encodes the pixels alone as PNG: no metadata, so that equal pixels give equal bytes."""
    bare = image.convert("RGBA" if "A" in image.getbands() else "RGB")
    bare.info.clear()
    buffer = io.BytesIO()
    bare.save(buffer, "PNG")
    return buffer.getvalue()
