"""Finds the encodings of text files: UTF-8, or UTF-16 and UTF-32 with a byte order mark."""

import codecs
from pathlib import Path

from vlminterp.errors import InputError

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; UTF-32 comes first, since its mark begins as that of UTF-16 does."""
_SAMPLE = 1024


def encoding_of(path: Path) -> str:
    """Finds the encoding of a text file.

    Args:
        path: The file.

    Returns:
        A name that Python's `open` takes; UTF-8 unless a byte order mark says otherwise.

    Raises:
        InputError: It holds null characters without such a mark.
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        raise InputError(
            f"{path}: holds null characters, so it is no UTF-8; save it as UTF-8 "
            "(UTF-16 is read only with its byte order mark)"
        )
    return "utf-8-sig"
