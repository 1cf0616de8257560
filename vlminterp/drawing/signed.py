"""Heatmaps of scores that count for (red) or against (blue), on one scale."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.drawing.overlay import FADED, UNSEEN_GREY, UNSEEN_VEIL, opacity

FOR, AGAINST = np.array([200, 30, 40], np.float32), np.array([40, 80, 200], np.float32)
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def signed_layer(scores: NDArray[np.float32], top: float) -> Image.Image:
    """Draws signed scores alone, to be laid over a picture.

    Args:
        scores: Scores, `[height, width]`.
        top: Absolute score that is drawn strongest; larger ones look the same.

    Returns:
        RGBA, of that height and width: the more opaque, the larger the absolute score.
    """
    share = _share(scores, top)
    layer = np.concatenate([_colour(share), 255 * opacity(np.abs(share))], axis=2)
    return Image.fromarray(layer.round().astype(np.uint8))


def signed_overlay(image: Image.Image, heat: NDArray[np.float32], top: float) -> Image.Image:
    """Draws a signed heatmap over a picture.

    Args:
        image: The picture, of any mode.
        heat: Scores, `[height, width]` of the picture; NaN where the model did not look.
        top: Absolute score that is drawn strongest; larger ones look the same.

    Returns:
        RGB, as large as the picture: red where scores are positive, blue where negative.
    """
    picture = np.asarray(image.convert("RGB"), np.float32)
    grey = (picture @ _LUMINANCE)[..., None]
    unseen = np.isnan(heat)[..., None]
    share = _share(np.nan_to_num(heat), top)
    covered = opacity(np.abs(share))
    faded = picture + FADED * (grey - picture)
    drawn = (1 - covered) * faded + covered * _colour(share)
    veiled = grey + UNSEEN_VEIL * (UNSEEN_GREY - grey)
    return Image.fromarray(np.where(unseen, veiled, drawn).round().astype(np.uint8))


def signed_bar(width: int, height: int) -> Image.Image:
    """Draws the scale from the strongest blue (left) over nothing to the strongest red.

    Args:
        width: Width in pixels.
        height: Height in pixels; the upper half is on dark, the lower on bright ground.

    Returns:
        An RGB image.
    """
    share = np.broadcast_to(np.linspace(-1, 1, width, dtype=np.float32), (height, width))[..., None]
    upper = np.arange(height)[:, None, None] < height / 2
    covered = opacity(np.abs(share))
    drawn = (1 - covered) * np.where(upper, 50, 225) + covered * _colour(share)
    return Image.fromarray(drawn.round().astype(np.uint8))


def _share(scores: NDArray[np.float32], top: float) -> NDArray[np.float32]:
    """Returns scores as shares of the top in [-1, 1], `[height, width, 1]`."""
    share: NDArray[np.float32] = scores / max(top, float(np.finfo(np.float32).tiny))
    return share.clip(-1, 1)[..., None]


def _colour(share: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(share > 0, FOR, AGAINST)
