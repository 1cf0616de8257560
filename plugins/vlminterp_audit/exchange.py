"""Pictures in which one thing is exchanged: the object, or all that is around it.

An object is cut out by its mask and pasted where another one was; that one has been removed first
by the smoothest continuation of its surroundings, with a little noise (as in ROAD, Rong et al.,
ICML 2022), so that its outline tells nothing.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from vlminterp.data.boxes import Box
from vlminterp.data.masks import box_of, shrunk
from vlminterp.metrics.road import imputed

Mask = NDArray[np.bool_]

FILL_SIDE = 96
"""Longer side, in pixels, at which holes are filled: a smooth continuation needs no more."""
NOISE = 0.02
"""σ of the noise in filled holes, as a share of the range of values."""
RIM = 0.01
"""Width by which holes are wider than their objects, as a share of the picture's longer side."""
SOFT = 0.08
"""σ of a blurred background, as a share of the picture's longer side."""


@dataclass(frozen=True)
class Cutout:
    """An object without its surroundings.

    Attributes:
        picture: The pixels of its box, RGB.
        mask: Those that show it, bool, of that size.
        box: Left, top, right, bottom, in pixels of the picture that it comes from.
    """

    picture: Image.Image
    mask: Mask
    box: Box


def cut_out(image: Image.Image, mask: Mask) -> Cutout:
    """Cuts an object out of its picture.

    Args:
        image: The picture, RGB.
        mask: The object's pixels, bool `[height, width]`, not empty.
    """
    left, top, right, bottom = box_of(mask)
    box = (left, top, right, bottom)
    return Cutout(image.crop(box), mask[top:bottom, left:right], box)


def filled(image: Image.Image, mask: Mask, seed: int = 0) -> Image.Image:
    """Removes an object, and continues its surroundings in its place.

    Args:
        image: The picture, RGB.
        mask: The object's pixels, bool `[height, width]`.
        seed: Seed of the noise.

    Returns:
        RGB, as large. A picture that is nothing but the object becomes its mean colour.
    """
    hole = _widened(mask)
    if hole.all():
        return mean_colour(image)
    small = image.copy()
    small.thumbnail((FILL_SIDE, FILL_SIDE))
    missing = shrunk(hole, small.size) if hole.any() else np.zeros(small.size[::-1], bool)
    if missing.all():
        return mean_colour(image)
    values = torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 255
    found = imputed(values, torch.from_numpy(missing), NOISE, seed).clamp(0, 1)
    pixels = (found.permute(1, 2, 0) * 255).round().byte().numpy()
    smooth = Image.fromarray(pixels).resize(image.size, Image.Resampling.BICUBIC)
    whole = image.copy()
    whole.paste(smooth, (0, 0), Image.fromarray(hole))
    return whole


def paste(background: Image.Image, thing: Cutout, box: Box) -> Image.Image:
    """Pastes an object into a box, as large as fits, around its centre.

    Args:
        background: The picture to paste into, RGB; it is not changed.
        thing: The object; its proportions stay.
        box: Left, top, right, bottom, in pixels of `background`.
    """
    left, top, right, bottom = box
    width, height = thing.picture.size
    scale = min((right - left) / width, (bottom - top) / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    place = int(left + right - size[0]) // 2, int(top + bottom - size[1]) // 2
    mask = Image.fromarray(thing.mask)
    picture = thing.picture
    if size != picture.size:
        picture, mask = picture.resize(size, Image.Resampling.BILINEAR), mask.resize(size)
    whole = background.copy()
    whole.paste(picture, place, mask)
    return whole


def fitted(background: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Returns the middle of a background, scaled to a width and height."""
    return background if background.size == size else ImageOps.fit(background, size)


def blurred(image: Image.Image) -> Image.Image:
    """Returns a picture so blurred that only its colours are left."""
    return image.filter(ImageFilter.GaussianBlur(SOFT * max(image.size)))


def mean_colour(image: Image.Image) -> Image.Image:
    """Returns a picture of one colour, the mean of another one's."""
    mean = np.asarray(image.convert("RGB"), np.float64).mean((0, 1)).round().astype(np.uint8)
    return Image.new("RGB", image.size, tuple(mean.tolist()))


def _widened(mask: Mask) -> Mask:
    """Returns a mask with a rim around it, so that no trace of the object's edge is left."""
    width = max(1, round(RIM * max(mask.shape)))
    grown = Image.fromarray(mask.view(np.uint8) * np.uint8(255))
    return np.asarray(grown.filter(ImageFilter.MaxFilter(2 * width + 1))) > 0
