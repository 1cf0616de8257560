"""The small pictures of a page: inside it if they are few, in files beside it if many."""

import base64
import io
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from PIL import Image

from vlminterp.results.atomic import TEMPORARY

FOLDER = "thumbnails"
QUALITY = 82


class Thumbnails:
    """The small pictures of one page and their addresses.

    Args:
        page: The folder that the page is in.
        beside: Whether pictures are separate files, which browsers load when they come into view.
            A page with all of its pictures inside can be sent to someone as one file.
    """

    def __init__(self, page: Path, *, beside: bool) -> None:
        self._folder = page / FOLDER if beside else None
        self._used: set[str] = set()

    def source(self, key: bytes, draw: Callable[[], Image.Image]) -> str:
        """Returns the address of a picture, relative to the page, or the picture as a data URI.

        Args:
            key: Everything that the picture depends on; an existing file of the same key is reused.
            draw: A function that draws the picture.
        """
        if self._folder is None:
            return f"data:image/jpeg;base64,{base64.b64encode(_jpeg(draw())).decode()}"
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{sha256(key).hexdigest()[:20]}.jpg"
        self._used.add(name)
        if not (self._folder / name).exists():
            # Not synced to disk, which takes longer than drawing: a lost file can be drawn again.
            temporary = self._folder / f".{name}{TEMPORARY}"
            temporary.write_bytes(_jpeg(draw()))
            os.replace(temporary, self._folder / name)
        return f"{FOLDER}/{name}"

    def forget_others(self) -> None:
        """Removes the files of an earlier page that this page does not use."""
        if self._folder is not None and self._folder.is_dir():
            for file in self._folder.iterdir():
                if file.name not in self._used:
                    file.unlink()


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "jpeg", quality=QUALITY)
    return buffer.getvalue()
