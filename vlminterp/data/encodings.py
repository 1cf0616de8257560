"""Text files in the encodings that people's programs write: UTF-8 and, with its mark, UTF-16."""

import codecs
from pathlib import Path

from vlminterp.errors import InputError

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""In this order: that of UTF-32 begins as that of UTF-16 does."""
_SAMPLE = 1024


def encoding_of(path: Path) -> str:
    """Finds out in which encoding a text file is.

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
