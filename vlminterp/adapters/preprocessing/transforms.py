"""Finds where open_clip's transforms place pictures."""

from collections.abc import Mapping
from typing import Any

from open_clip.transform import PreprocessCfg, image_transform_v2

from vlminterp.adapters.preprocessing.placement import (
    Place,
    Scale,
    Size,
    cropped,
    squashed,
    to_shortest,
)
from vlminterp.adapters.preprocessing.probe import Described, Transform
from vlminterp.adapters.unloadable import in_words
from vlminterp.errors import ModelError


def described(config: Mapping[str, Any], transform: Transform | None) -> Described:
    """Reads a `preprocess_cfg`; see `Preprocessing.from_open_clip`."""
    try:
        read = PreprocessCfg(**config)
        size = (read.size, read.size) if isinstance(read.size, int) else tuple(read.size)
        place = _place(read.resize_mode, (size[0], size[1]))
        transform = transform or image_transform_v2(read, is_train=False)
    except (TypeError, ValueError, AssertionError) as error:
        raise ModelError(f"open_clip's preprocess_cfg can't be used: {in_words(error)}") from error
    return Described(transform, place, (size[0], size[1]), "open_clip's transform")


def _place(mode: str, size: Size) -> Place:
    if mode == "squash":
        return squashed(size)
    if mode == "longest":
        return cropped(_fitted(size, max), size, _margin)
    scale = to_shortest(size[0]) if size[0] == size[1] else _fitted(size, min)
    return cropped(scale, size, _margin)


def _fitted(size: Size, choose: Any) -> Scale:
    """Keeps the aspect ratio; one edge fits, the other is longer (min) or shorter (max)."""

    def scale(picture: Size) -> Size:
        ratio = choose(picture[0] / size[0], picture[1] / size[1])
        return round(picture[0] / ratio), round(picture[1] / ratio)

    return scale


def _margin(scaled: float, size: int) -> int:
    """Rounds as torchvision does: halves to even where it crops, padding down."""
    return round((scaled - size) / 2) if scaled >= size else -int((size - scaled) // 2)
