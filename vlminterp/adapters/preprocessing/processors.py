"""Finds where the image processors of transformers place pictures."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PIL import Image
from torch import Tensor

from vlminterp.adapters.preprocessing.placement import (
    Place,
    Placement,
    Scale,
    Size,
    cropped,
    squashed,
    to_shortest,
)
from vlminterp.adapters.preprocessing.probe import UNUSABLE, Described
from vlminterp.adapters.unloadable import in_words
from vlminterp.errors import ModelError

CONVNEXT_SQUASHES_FROM = 384
"""Edge in pixels; ConvNeXt's processor crops below it and squashes from there on."""


def described(processor: Any, image_size: int | None = None) -> Described:
    """Reads an image processor; see `Preprocessing.from_processor`."""
    processor = getattr(processor, "image_processor", processor)
    read = _READERS.get(_kind(processor), _standard)
    try:
        place, size = read(processor)
        if image_size is not None and (image_size, image_size) != size:
            processor = _resized(processor, image_size, size)
            place, size = read(processor)
        return Described(
            _transform(processor),
            place,
            size,
            _name(processor),
            None if _takes_any_size(processor) else size,
        )
    except UNUSABLE as error:
        raise ModelError(f"{_name(processor)} can't be used: {in_words(error)}") from error


def _transform(processor: Any) -> Callable[[Image.Image], Tensor]:
    def run(image: Image.Image) -> Tensor:
        found = processor(image, return_tensors="pt")
        values: Tensor = found["pixel_values"][0]
        if "spatial_shapes" in found:
            return _unflattened(values, found["spatial_shapes"][0].tolist(), processor.patch_size)
        return values

    return run


def _name(processor: Any) -> str:
    return f"image processor {_kind(processor)}"


def _kind(processor: Any) -> str:
    """Returns the class's name without the library that it computes with."""
    return type(processor).__name__.removesuffix("Pil").removesuffix("Fast")


def _standard(processor: Any) -> tuple[Place, Size]:
    """Resizes, then crops around the centre: what most classes do."""
    scale, fixed = _scaling(processor)
    if getattr(processor, "do_center_crop", None):
        size = _height_and_width(processor, "crop_size")
        return cropped(scale, size, _margin(processor)), size
    if getattr(processor, "do_pad", None) and getattr(processor, "pad_size", None):
        size = _height_and_width(processor, "pad_size")
        return cropped(scale, size, lambda *_: 0), size
    if fixed is None:
        raise ModelError(
            f"{_name(processor)}: with size={_sizes(processor, 'size')} and "
            "do_center_crop=false the model's input would be as varied in shape as the pictures"
        )
    return squashed(fixed), fixed


def _scaling(processor: Any) -> tuple[Scale, Size | None]:
    """Returns the scaling, and the size where it is the same for all pictures."""
    if not processor.do_resize:
        sizes = _sizes(processor, "size")
        fixed = (sizes["height"], sizes["width"]) if {"height", "width"} <= sizes.keys() else None
        return lambda picture: picture, fixed
    sizes = _sizes(processor, "size")
    if sizes.keys() == {"height", "width"}:
        size = sizes["height"], sizes["width"]
        return lambda _: size, size
    if sizes.keys() == {"shortest_edge"}:
        return to_shortest(sizes["shortest_edge"]), None
    raise ModelError(
        f"{_name(processor)}: size={sizes} is not known here; it may have height "
        "and width, or shortest_edge"
    )


def _convnext(processor: Any) -> tuple[Place, Size]:
    """Scales to a little more than it crops to; from 384 pixels on it squashes."""
    edge = _sizes(processor, "size")["shortest_edge"]
    if edge >= CONVNEXT_SQUASHES_FROM:
        return squashed((edge, edge)), (edge, edge)
    scale = to_shortest(int(edge / processor.crop_pct))
    return cropped(scale, (edge, edge), _margin(processor)), (edge, edge)


def _owlv2(processor: Any) -> tuple[Place, Size]:
    """Pads below and at the right to a square, then scales."""
    size = _height_and_width(processor, "size")
    if not processor.do_pad:
        return squashed(size), size

    def place(picture: Size) -> Placement:
        longest = max(picture)
        scaled = picture[0] * size[0] / longest, picture[1] * size[1] / longest
        return Placement(scaled, (0, 0), size)

    return place, size


def _naflex(processor: Any) -> tuple[Place, None]:
    """Keeps the aspect ratio nearly, with as many whole patches as the budget holds."""
    from transformers.models.siglip2.image_processing_siglip2 import (
        get_image_size_for_max_num_patches,
    )

    if not processor.do_resize:
        raise ModelError(f"{_name(processor)}: do_resize=false is not known here")

    def place(picture: Size) -> Placement:
        size = get_image_size_for_max_num_patches(
            *picture, processor.patch_size, processor.max_num_patches
        )
        return Placement(size, (0, 0), size)

    return place, None


def _unflattened(patches: Tensor, grid: Sequence[int], patch: int) -> Tensor:
    """Rebuilds a picture `[3, H, W]` from its flat patches `[N, patch·patch·3]`, row by row."""
    rows, columns = grid
    cells = patches[: rows * columns].reshape(rows, columns, patch, patch, 3)
    return cells.permute(4, 0, 2, 1, 3).reshape(3, rows * patch, columns * patch)


_READERS: Mapping[str, Callable[[Any], tuple[Place, Size | None]]] = {
    "ConvNextImageProcessor": _convnext,
    "Owlv2ImageProcessor": _owlv2,
    "Siglip2ImageProcessor": _naflex,
}


def _sizes(processor: Any, key: str) -> dict[str, int]:
    """Returns the entries of a size that are not None."""
    sizes = getattr(processor, key)
    if sizes is None:
        raise ModelError(f"{_name(processor)} has no {key}")
    return {name: value for name, value in dict(sizes).items() if value is not None}


def _height_and_width(processor: Any, key: str) -> Size:
    sizes = _sizes(processor, key)
    if sizes.keys() != {"height", "width"}:
        raise ModelError(f"{_name(processor)}: {key}={sizes} is no height and width")
    return sizes["height"], sizes["width"]


def _margin(processor: Any) -> Callable[[float, int], int]:
    """Returns the rounding of margins: down by PIL, towards zero by torchvision.

    Where they crop, both leave out less above and at the left; they differ where they pad.
    """
    if getattr(processor, "backend", "torchvision") == "pil":
        return lambda scaled, size: int((scaled - size) // 2)

    def margin(scaled: float, size: int) -> int:
        return int((scaled - size) / 2)  # towards zero

    return margin


def _takes_any_size(processor: Any) -> bool:
    return bool(processor.do_resize) or bool(getattr(processor, "do_center_crop", None))


def _resized(processor: Any, image_size: int, size: Size | None) -> Any:
    """Copies a processor for square inputs of another size; the cropped share stays the same."""
    resized = copy.deepcopy(processor)
    if size is None:
        resized.max_num_patches = (image_size // processor.patch_size) ** 2
        return resized
    across = {"width": image_size / size[1]}
    for key in ("size", "crop_size", "pad_size"):
        if getattr(resized, key, None) is not None:
            sizes = _sizes(resized, key).items()
            share = {name: across.get(name, image_size / size[0]) for name, _ in sizes}
            setattr(resized, key, {name: round(value * share[name]) for name, value in sizes})
    return resized
