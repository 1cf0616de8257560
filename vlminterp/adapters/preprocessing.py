"""Resizing, cropping and normalising images, with the way back to the original image."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vlminterp.adapters.dual_encoder import Geometry, Pixels
from vlminterp.errors import ModelError
from vlminterp.images import read_image


class Resize(Enum):
    """How an image is brought to the model's input size."""

    shortest = "shortest"
    """The shorter edge is scaled to fit, what the longer edge has too much is cropped."""
    longest = "longest"
    """The longer edge is scaled to fit, the rest is filled."""
    squash = "squash"
    """Both edges are scaled to fit."""


@dataclass(frozen=True)
class Preprocessing:
    """The image transform that a model was trained with.

    One implementation for all backends, because a map has to find its way back to the original
    image, and because the same weights must give the same embedding whatever file they came from.

    Attributes:
        size: Height and width of the model's input.
        mean: Subtracted from each channel of values in [0, 1].
        std: Divides each channel.
        resize: How an image is brought to `edge` or `size`.
        edge: What the shorter edge is scaled to before the crop; None for the input's own size.
        squashed: What the image is squashed to before the crop; None for the input's own size.
        resample: Interpolation.
        fill: Grey value around an image that does not fill the input.
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: Resize = Resize.shortest
    edge: int | None = None
    squashed: tuple[int, int] | None = None
    resample: Image.Resampling = Image.Resampling.BICUBIC
    fill: int = 0

    @classmethod
    def from_hf(cls, config: Mapping[str, Any]) -> "Preprocessing":
        """Reads a `preprocessor_config.json`.

        Raises:
            ModelError: The file lacks what is needed; nothing is guessed.
        """
        try:
            edge, squashed = _scaled_to(config)
            crop = config.get("crop_size") if config.get("do_center_crop", True) else None
            size = _both(crop) if crop else squashed or _both(edge)
            mean, std = _normalisation(config)
            return cls(
                size=size,
                mean=mean,
                std=std,
                resize=Resize.squash if squashed else Resize.shortest,
                edge=edge,
                squashed=squashed if squashed != size else None,
                resample=Image.Resampling(config["resample"]),
            )
        except KeyError as error:
            raise ModelError(f"preprocessor_config.json has no {error}") from error
        except (TypeError, ValueError) as error:
            raise ModelError(f"preprocessor_config.json can't be used: {error}") from error

    @classmethod
    def from_open_clip(cls, config: Mapping[str, Any]) -> "Preprocessing":
        """Reads open_clip's `preprocess_cfg`."""
        size = config["size"]
        return cls(
            size=(size, size) if isinstance(size, int) else (size[0], size[1]),
            mean=tuple(config["mean"]),
            std=tuple(config["std"]),
            resize=Resize(config["resize_mode"]),
            resample=Image.Resampling[config["interpolation"].upper()],
            fill=config["fill_color"],
        )

    def resized(self, size: int) -> "Preprocessing":
        """The same for square inputs of another size; what is cropped keeps its share.

        Args:
            size: Height and width, in pixels.
        """
        share = size / self.size[0]
        edge = None if self.edge is None else round(self.edge * share)
        squashed = None if self.squashed is None else (round(self.squashed[0] * share),) * 2
        return replace(self, size=(size, size), edge=edge, squashed=squashed)

    def __call__(self, images: Sequence[Image.Image]) -> Pixels:
        """Transforms images of any size and mode; upright, and white under transparency.

        Raises:
            InputError: An image can't be read.
        """
        transformed = [self._transform(read_image(image)) for image in images]
        values = torch.from_numpy(np.stack([values for values, _ in transformed]))
        return Pixels(values, tuple(geometry for _, geometry in transformed))

    def _transform(self, image: Image.Image) -> tuple[NDArray[np.float32], Geometry]:
        height, width = self.size
        scaled_height, scaled_width = self._scaled(image.height, image.width)
        scaled = image.resize((scaled_width, scaled_height), self.resample)
        top, left = _margin(scaled_height, height), _margin(scaled_width, width)
        canvas = Image.new("RGB", (width, height), (self.fill,) * 3)
        canvas.paste(scaled, (-left, -top))
        values = (np.asarray(canvas, np.float32) / 255 - self.mean) / self.std
        down, across = image.height / scaled_height, image.width / scaled_width
        box = (left * across, top * down, (left + width) * across, (top + height) * down)
        geometry = Geometry((image.height, image.width), box)
        return values.astype(np.float32).transpose(2, 0, 1), geometry

    def _scaled(self, height: int, width: int) -> tuple[int, int]:
        """Height and width after the resize, rounded as torchvision and transformers do."""
        if self.resize is Resize.squash:
            return self.squashed or self.size
        edge = self.edge or (self.size[0] if self.size[0] == self.size[1] else None)
        if self.resize is Resize.shortest and edge:
            short, long = min(height, width), max(height, width)
            longer = int(edge * long / short)
            return (edge, longer) if height <= width else (longer, edge)
        ratios = height / self.size[0], width / self.size[1]
        ratio = min(ratios) if self.resize is Resize.shortest else max(ratios)
        return round(height / ratio), round(width / ratio)


def _scaled_to(config: Mapping[str, Any]) -> tuple[int | None, tuple[int, int] | None]:
    """What transformers scales the shorter edge to, or squashes the image to."""
    if "max_num_patches" in config:  # NaFlex: any grid will do; the square is what it learned
        side = math.isqrt(config["max_num_patches"]) * config["patch_size"]
        return None, (side, side)
    size = config["size"]
    if isinstance(size, int):
        return size, None
    if "shortest_edge" in size:
        return size["shortest_edge"], None
    return None, (size["height"], size["width"])


def _both(size: Any) -> tuple[int, int]:
    """Height and width, however transformers writes them."""
    if isinstance(size, Mapping):
        return size["height"], size["width"]
    return size, size


def _normalisation(config: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of channels in [0, 1], whatever range the model rescales them to."""
    mean, std = (0.0,) * 3, (1.0,) * 3
    if config.get("do_normalize", True):
        mean, std = tuple(config["image_mean"]), tuple(config["image_std"])
    range_ = 255 * config.get("rescale_factor", 1 / 255)
    offset = 1.0 if config.get("rescale_offset", False) else 0.0
    return (
        tuple((value + offset) / range_ for value in mean),
        tuple(value / range_ for value in std),
    )


def _margin(scaled: int, size: int) -> int:
    """What a centre crop leaves out before the input; negative where it is filled.

    Rounded as torchvision and open_clip do; transformers rounds an odd margin down, which moves
    the crop by one pixel.
    """
    return round((scaled - size) / 2) if scaled >= size else -((size - scaled) // 2)
