"""Maps that know nothing about the pair: a method's score means nothing unless it beats them.

All their values lie in [0, 1], so that they need no scaling.
"""

import numpy as np
from numpy.typing import NDArray

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


def _bell(length: int, sigma: float) -> NDArray[np.float64]:
    offset = (np.arange(length) + 0.5) / length - 0.5
    bell: NDArray[np.float64] = np.exp(-0.5 * (offset / sigma) ** 2)
    return bell
