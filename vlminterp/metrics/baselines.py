"""Maps that know nothing about the pair: a method's score means nothing unless it beats them.

All their values lie in [0, 1], so that they need no scaling; `shuffled` has those of its method.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, sobel

Map = NDArray[np.float32]


def random_map(rows: int, columns: int, seed: int) -> Map:
    """Draws independent scores, uniform in [0, 1).

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.
        seed: Seed of the scores; give every pair its own, or all pairs share one map.

    Returns:
        float32 `[rows, columns]`.
    """
    return np.random.default_rng(seed).random((rows, columns), dtype=np.float32)


def constant_map(rows: int, columns: int) -> Map:
    """Returns a map of ones, on which everything matters equally.

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.

    Returns:
        float32 `[rows, columns]`.
    """
    return np.ones((rows, columns), dtype=np.float32)


def centre_gaussian(rows: int, columns: int, sigma: float = 0.25) -> Map:
    """Returns exp(-d²/2σ²) of the distance d from the centre, where photographers put things.

    Args:
        rows: Rows of the grid.
        columns: Columns of the grid.
        sigma: σ as a share of each side, > 0.

    Returns:
        float32 `[rows, columns]`, in [0, 1].

    Raises:
        ValueError: sigma is not positive.

    Example:
        >>> int(centre_gaussian(3, 3).argmax())
        4
    """
    if not sigma > 0:
        raise ValueError(f"sigma={sigma} must be positive")
    y, x = (_bell(length, sigma) for length in (rows, columns))
    return np.outer(y, x).astype(np.float32)


def shuffled(scores: Map, seed: int) -> Map:
    """Puts a method's own scores at random places.

    It shows as much of a picture as the method does, and as unevenly: a metric that it scores as
    well on asks how much is marked, not where. The same seed moves maps of one shape alike.

    Args:
        scores: The method's scores, `[rows, columns]`, or of words, `[words]`.
        seed: Seed of the places.

    Returns:
        float32, of the same shape.

    Example:
        >>> sorted(shuffled(np.array([1.0, 2.0, 3.0], np.float32), seed=0).tolist())
        [1.0, 2.0, 3.0]
    """
    rng = np.random.default_rng((seed, 1))
    return rng.permutation(scores.ravel()).reshape(scores.shape)


def blurred_edges(values: NDArray[np.floating], rows: int, columns: int) -> Map:
    """Returns how strong the picture's edges are around each patch.

    Maps of many methods look like edges (Adebayo et al., NeurIPS 2018); this one looks at nothing
    else.

    Args:
        values: Pixels of the part that the patches cover, `[channels, H, W]`, at any scale.
        rows: Rows of the grid.
        columns: Columns of the grid.

    Returns:
        float32 `[rows, columns]`: Sobel's gradient, blurred over half a patch, its mean over each
        patch, as a share of the largest; zeros for a picture without edges.
    """
    height, width = values.shape[1:]
    slopes = [sobel(values.astype(np.float64), axis, mode="nearest") for axis in (1, 2)]
    strength = np.hypot(*slopes).sum(0)
    blur = gaussian_filter(strength, (height / rows / 2, width / columns / 2), mode="nearest")
    y, x = (
        np.linspace(0, edge, parts + 1).round().astype(int)
        for edge, parts in ((height, rows), (width, columns))
    )
    means = [[blur[a:b, c:d].mean() for c, d in pairwise(x)] for a, b in pairwise(y)]
    found = np.array(means, np.float32)
    return found / (found.max() or np.float32(1))


def _bell(length: int, sigma: float) -> NDArray[np.float64]:
    offset = (np.arange(length) + 0.5) / length - 0.5
    bell: NDArray[np.float64] = np.exp(-0.5 * (offset / sigma) ** 2)
    return bell
