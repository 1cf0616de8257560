"""Finds the pictures that a table's rows name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vlminterp.data.remote import Remote, Urls, is_url
from vlminterp.errors import InputError

Where = Path | bytes | Remote
"""A file's path, the encoded picture itself, or its address on the web."""

Read = TypeVar("Read")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Pictures:
    """The pictures that a table may name.

    Attributes:
        folder: Relative paths start there.
        within: The folder that all files must lie in, links followed; None for no such limit.
        urls: The hosts on the web whose pictures it may name.
    """

    folder: Path
    within: Path | None = None
    urls: Urls = Urls.never

    def find(self, value: object) -> Where | None:
        """Finds a picture as a row gives it; reads nothing.

        Args:
            value: A path, an address, the encoded picture, or Hugging Face's `{bytes, path}`.

        Returns:
            Its place; None where the row has no picture.

        Raises:
            InputError: It is anything else, or must not be read.
        """
        if isinstance(value, dict) and value.keys() <= {"bytes", "path"}:
            return self.find(value.get("bytes") or value.get("path"))
        if isinstance(value, bytes):
            return value or None
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if not isinstance(value, str):
            raise InputError(f"a picture must be a path, not {type(value).__name__}")
        name = value.strip()
        if is_url(name):
            if self.urls is Urls.never:
                raise InputError("is an address on the web; data.urls=public fetches such pictures")
            return Remote(name, self.urls)
        if _SCHEME.match(name):
            raise InputError(f"{name}: only paths, http and https are read")
        return self.checked(self.folder / Path(name).expanduser())

    def checked(self, path: Path) -> Path:
        """Returns a path that may be read.

        Raises:
            InputError: It lies outside of `within`, links followed.
        """
        if self.within is not None and not path.resolve().is_relative_to(self.within.resolve()):
            raise InputError(f"{path} lies outside of data.within={self.within}")
        return path


def reading(read: Callable[..., Read], *pictures: Where) -> Callable[[], Read]:
    """Returns a function that reads pictures, and fetches those on the web only when called.

    Args:
        read: Reads that number of pictures, each given by its path or its bytes.
        pictures: Places of the pictures.
    """

    def now() -> Read:
        return read(*(one.file() if isinstance(one, Remote) else one for one in pictures))

    return now
