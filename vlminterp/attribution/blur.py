"""Blur of maps of patches, as they are drawn and scored."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


def blurred(grid: NDArray[np.float32], patches: float) -> NDArray[np.float32]:
    """Blurs a map of patches, whose outermost ones go on beyond the edge.

    Args:
        grid: One score per patch, `[rows, columns]`.
        patches: Standard deviation of the Gaussian, in patches, ≥ 0.

    Example:
        >>> blurred(np.array([[0.0, 0.0, 1.0, 0.0, 0.0]], np.float32), 0.5).round(2)
        array([[0.  , 0.11, 0.79, 0.11, 0.  ]], dtype=float32)
    """
    soft: NDArray[np.float32] = gaussian_filter(grid, patches, mode="nearest")
    return soft
