"""Heatmaps over pictures, in colours whose order colour-blind people can tell."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.drawing.numbers import round_step

# matplotlib's inferno at equal steps, less its black end, which would hide the picture
_INFERNO = bytes.fromhex(
    "380962 510e6c 69166e 801f6c 982766 b0315b c63d4d d94d3d"
    "e9612b f47918 fa9407 fcb014 f8cd37 f2ea69 fcffa4"
)
_RGB = np.frombuffer(_INFERNO, np.uint8).reshape(-1, 3)
STOPS = tuple(colour.tobytes().hex() for colour in _RGB)
MOST_OPAQUE = 0.82
RISE = 0.7
FADED = 0.45
UNSEEN_GREY = 128.0
UNSEEN_VEIL = 0.7
_BAND = 2**20
"""Pixels drawn at once: intermediate results take many times the memory of the picture."""
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def colours(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the colour of each value.

    Args:
        share: Values as shares of the scale's top, 0 … 1, in any shape.

    Returns:
        RGB in 0 … 255, shaped `[..., 3]`.
    """
    stops = np.linspace(0, 1, len(_RGB))
    channels = [np.interp(share, stops, _RGB[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def opacity(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns how opaque each value is drawn: from 0 for the value 0 to `MOST_OPAQUE` for 1."""
    # A straight line would hide middling scores, a square root would make noise visible.
    return (MOST_OPAQUE * share**RISE).astype(np.float32)


def overlay(image: Image.Image, heat: NDArray[np.float32], top: float) -> Image.Image:
    """Draws a heatmap over a picture.

    Args:
        image: The picture, of any mode.
        heat: Scores, shaped `[height, width]` like the picture; NaN where the model did not look.
            Scores below 0 are drawn as 0.
        top: The score that has the last colour; higher scores have it too.

    Returns:
        An RGB image as large as the picture. The picture is faded, and covered the more the higher
        the score; it is grey where the model did not look.

    Raises:
        ValueError: Picture and heatmap differ in size.
    """
    if heat.shape != (image.height, image.width):
        raise ValueError(f"heat {heat.shape} is not [{image.height}, {image.width}] of the picture")
    drawn = Image.new("RGB", image.size)
    band = max(_BAND // image.width, 1)
    for start in range(0, image.height, band):
        strip = image.crop((0, start, image.width, min(start + band, image.height)))
        covered = _covered(strip.convert("RGB"), heat[start : start + band], top)
        drawn.paste(covered, (0, start))
    return drawn


def _covered(image: Image.Image, heat: NDArray[np.float32], top: float) -> Image.Image:
    picture = np.asarray(image, np.float32)
    grey = (picture @ _LUMINANCE)[..., None]
    faded = picture + FADED * (grey - picture)
    unseen = np.isnan(heat)
    share = (np.where(unseen, 0, heat) / max(top, np.finfo(np.float32).tiny)).clip(0, 1)
    covered = opacity(share)[..., None]
    drawn = (1 - covered) * faded + covered * colours(share)
    veiled = grey + UNSEEN_VEIL * (UNSEEN_GREY - grey)
    return Image.fromarray(np.where(unseen[..., None], veiled, drawn).round().astype(np.uint8))


def colour_bar(width: int, height: int) -> Image.Image:
    """Draws the scale from 0 (left) to its top, as it looks on dark and on bright pictures.

    Args:
        width: Width in pixels.
        height: Height in pixels; the upper half is on dark, the lower on bright ground.

    Returns:
        An RGB image.
    """
    share = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    upper = np.arange(height)[:, None, None] < height / 2
    ground = np.where(upper, 50, 225)
    covered = opacity(share)[..., None]
    drawn = (1 - covered) * ground + covered * colours(share)
    return Image.fromarray(drawn.round().astype(np.uint8))


def shared_top(highest: list[float]) -> float:
    """Returns the top of a scale for many pictures, such that one outlier does not dim the rest.

    Args:
        highest: The highest score of each picture.

    Returns:
        The 95th percentile of the positive, finite scores, which for up to 20 of them is the
        highest; 1 if there are none.

    Example:
        >>> shared_top([1.0, 2.0]), shared_top([])
        (2.0, 1.0)
    """
    finite = [score for score in highest if np.isfinite(score) and score > 0]
    return float(np.quantile(finite, 0.95, method="higher")) if finite else 1.0


def ticks(top: float) -> list[float]:
    """Returns at most six round numbers to write beside a scale from 0 to `top`.

    Example:
        >>> ticks(0.5), ticks(73.0)
        ([0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [0.0, 20.0, 40.0, 60.0])
    """
    step = round_step(top / 5)
    return [round(index * step, 12) for index in range(int(top / step + 1e-9) + 1)]
