"""Checks on test pictures that a pipeline places pictures where its description says.

Maps are drawn on pictures by the description, so that a wrong one would give a wrong map that looks
right. On the test pictures each pixel's colour tells its place, and so shows where the pipeline has
really put it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vlminterp.adapters.preprocessing.placement import Place, Placement, Size
from vlminterp.errors import ModelError

UNUSABLE = (AttributeError, KeyError, RuntimeError, TypeError, ValueError)
"""What a pipeline raises whose settings do not fit each other."""
TOLERANCE = 0.35
"""Mean distance allowed, in pixels of the input; a crop that is off by one exceeds it."""

Transform = Callable[[Image.Image], Tensor]
"""Maps an upright RGB picture to values `[3, H, W]` as the model takes them."""


class Described(NamedTuple):
    """A backend's pipeline for pictures, as the arguments of `Preprocessing`."""

    transform: Transform
    place: Place
    size: Size | None
    name: str
    only: Size | None = None


def check(transform: Transform, expected: Placement, picture: Size) -> None:
    """Runs a pipeline on one test picture.

    Args:
        transform: The pipeline.
        expected: Where the picture should lie.
        picture: Height and width of the test picture.

    Raises:
        ModelError: It lies elsewhere, or is more than scaled, cropped, padded and normalised.
    """
    black, white = (_grey(picture, value) for value in (0, 255))
    dark, light, ramp = (transform(image).float() for image in (black, white, _ramp(picture)))
    if tuple(dark.shape) != (3, *expected.size):
        raise ModelError(f"gives inputs of shape {tuple(dark.shape)}, not 3×{expected.size}")
    contrast = (light - dark).abs().amin(0).numpy()
    shown = contrast > contrast.max() / 2
    if not shown.any():
        raise ModelError("gives inputs that don't tell black from white")
    place = ((ramp - dark) / (light - dark)).numpy()
    # The ramp runs down in green, and across in red and blue: their order may be exchanged.
    _check_axis(place[1].T, shown.T, expected, picture, axis=0)
    _check_axis(place[0], shown, expected, picture, axis=1)
    _check_axis(place[2], shown, expected, picture, axis=1)


def _check_axis(
    place: NDArray[np.float32],
    shown: NDArray[np.bool_],
    expected: Placement,
    picture: Size,
    axis: int,
) -> None:
    """Compares one direction, which runs along the last axis of both arrays."""
    first, scaled = expected.corner[axis], expected.scaled[axis]
    wanted = (first + np.arange(expected.size[axis]) + 0.5) / scaled
    inside = (wanted > 0) & (wanted < 1)
    seen = shown.any(0)
    if abs(int(seen.sum()) - int(inside.sum())) > 1 or (seen & ~inside).sum() > 1:
        raise ModelError(_elsewhere(picture, axis, "begins or ends elsewhere"))
    # Interpolation bends the ramp near the picture's own edges.
    middle = (wanted > 0.1) & (wanted < 0.9) & seen
    rows = shown[:, middle].all(1)
    off = (place[rows][:, middle] - wanted[middle]) * scaled
    if not off.size or abs(off.mean()) > TOLERANCE or off.std() > scaled / 64 + TOLERANCE:
        furthest = np.abs(off).max(initial=0)
        raise ModelError(_elsewhere(picture, axis, f"is up to {furthest:.0f} pixels off"))


def _elsewhere(picture: Size, axis: int, how: str) -> str:
    direction = ("from top to bottom", "from left to right")[axis]
    return (
        f"lays a {picture[0]}×{picture[1]} picture where it is not expected: {direction} it {how}"
    )


def _grey(picture: Size, value: int) -> Image.Image:
    return Image.new("RGB", (picture[1], picture[0]), (value,) * 3)


def _ramp(picture: Size) -> Image.Image:
    height, width = picture
    down = np.broadcast_to(255 * (np.arange(height)[:, None] + 0.5) / height, picture)
    across = np.broadcast_to(255 * (np.arange(width) + 0.5) / width, picture)
    ramp = np.stack([across, down, across], axis=2)
    return Image.fromarray(np.round(ramp).astype(np.uint8))
