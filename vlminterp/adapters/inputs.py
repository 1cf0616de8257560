"""Checks users' inputs to an encoder: a mistake must raise an error, not give an explanation."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.images import read_image
from vlminterp.errors import InputError

OnePicture = Image.Image | Path | str | bytes | NDArray[np.uint8]
"""A picture in any form that users have it: from memory, by path, encoded, or as an array."""
Pictures = Iterable[OnePicture]
LONGEST_CAPTION = 20_000
"""Number of characters; no text tower reads a tenth of it."""
GREY_OR_COLOURS = {2: (None,), 3: (3, 4)}
"""Channels that a picture may have, by the array's number of dimensions; None for no such axis."""


def captions_of(texts: Iterable[Any]) -> list[str]:
    """Returns captions as a list.

    Raises:
        InputError: It is a single caption, is empty, or holds something that is no caption.
    """
    if isinstance(texts, str):
        raise InputError(f"tokenize takes a list of captions: tokenize([{texts!r}])")
    captions = list(texts)
    if not captions:
        raise InputError("tokenize was given no captions")
    for number, caption in enumerate(captions, 1):
        if not isinstance(caption, str):
            raise InputError(f"caption {number} is no text but a {type(caption).__name__}")
        try:
            require_readable(caption)
        except InputError as error:
            raise InputError(f"caption {number}: {error}") from error
    return captions


def require_readable(caption: str) -> None:
    """Checks that a caption is not so long that a tokenizer would take minutes.

    Raises:
        InputError: It is longer than `LONGEST_CAPTION`.
    """
    if len(caption) > LONGEST_CAPTION:
        raise InputError(
            f"a text of {len(caption):,} characters is no caption; at most {LONGEST_CAPTION:,} "
            "are read"
        )


def pictures_of(images: Pictures) -> list[Image.Image]:
    """Returns pictures as PIL images, reading those that are given by path or as bytes.

    Args:
        images: PIL images, paths, encoded pictures, or arrays, uint8 `[height, width, 3]`.

    Raises:
        InputError: It is a single picture, is empty, or holds something that is no picture.
    """
    alone = isinstance(images, str | bytes | Path | Image.Image)
    if alone or (isinstance(images, np.ndarray) and images.ndim < 4):
        raise InputError("preprocess takes a list of pictures: preprocess([picture])")
    pictures = [_picture(image, number) for number, image in enumerate(images, 1)]
    if not pictures:
        raise InputError("preprocess was given no pictures")
    return pictures


def _picture(image: Any, number: int) -> Image.Image:
    if isinstance(image, Image.Image):
        return image
    if isinstance(image, str | Path):
        return read_image(Path(image).expanduser())
    if isinstance(image, bytes):
        return read_image(image)
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"picture {number} is a {type(image).__name__}; give a path, a PIL image or a uint8 "
            "array [height, width, 3]"
        )
    channels = GREY_OR_COLOURS.get(image.ndim, ())
    if image.dtype != np.uint8 or (*image.shape[2:], None)[0] not in channels:
        raise InputError(
            f"picture {number} is an array of {image.dtype} {list(image.shape)}; as a picture it "
            "is uint8 [height, width, 3], values 0…255"
        )
    return Image.fromarray(image)
