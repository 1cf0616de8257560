"""Maps of patches drawn onto the original image."""

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import Geometry

_BAND = 2**20
"""Pixels drawn at a time, since intermediate results take several times the memory of the map."""


def place_on_image(
    grid: NDArray[np.float32], geometry: Geometry, size: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Draws a map of patches onto the image that the model was given a crop of.

    Each patch's score stands at the patch's centre; scores between centres are interpolated
    bilinearly, and are constant beyond the outermost centres.

    Args:
        grid: One score per patch, `[rows, columns]`.
        geometry: The part of the image that the patches cover.
        size: Height and width at which the image is shown; the original's by default.

    Returns:
        `[height, width]` of that size; NaN where the model saw nothing.

    Example:
        >>> place_on_image(np.ones((2, 2), np.float32), Geometry((2, 4), (1.0, 0.0, 3.0, 2.0)))
        array([[nan,  1.,  1., nan],
               [nan,  1.,  1., nan]], dtype=float32)
    """
    height, width = size or geometry.size
    down, across = geometry.size[0] / height, geometry.size[1] / width
    left, top, right, bottom = geometry.box
    rows, columns = grid.shape
    y = ((np.arange(height) + 0.5) * down - top) / (bottom - top)
    x = ((np.arange(width) + 0.5) * across - left) / (right - left)
    lines = _interpolate(grid, y * rows - 0.5)
    placed = np.empty((height, width), np.float32)
    band = max(_BAND // width, 1)
    for start in range(0, height, band):
        some = slice(start, start + band)
        placed[some] = _interpolate(lines[some].T, x * columns - 0.5).T
    placed[(y < 0) | (y >= 1)] = np.nan
    placed[:, (x < 0) | (x >= 1)] = np.nan
    return placed


def _interpolate(values: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Interpolates linearly along the first axis; values are constant beyond its ends."""
    position = at.clip(0, len(values) - 1)
    lower = np.floor(position).astype(int)
    upper = np.minimum(lower + 1, len(values) - 1)
    weight = (position - lower)[:, None]
    between: NDArray[np.float64] = (1 - weight) * values[lower] + weight * values[upper]
    return between.astype(np.float32)
