"""The place of a map's heat, in words."""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = ("top", "", "bottom"), ("left", "", "right")
QUARTER = 0.25


def place_of(heat: NDArray[np.float32]) -> str | None:
    """Tells in which ninth of the picture the centre of the heat lies.

    Args:
        heat: Scores of pixels, `[height, width]`; NaN where unseen; those below 0 count as 0.

    Returns:
        Such as "the top left"; None without any heat.

    Example:
        >>> place_of(np.eye(3, dtype=np.float32) * [[1, 0, 0]])
        'the top left'
        >>> place_of(np.ones((3, 3), np.float32))
        'the middle'
    """
    weights = np.nan_to_num(heat).clip(min=0).astype(np.float64)
    if not weights.any():
        return None
    weights /= weights.sum()
    row, column = (_third(weights.sum(1 - axis)) for axis in (0, 1))
    words = f"{ROWS[row]} {COLUMNS[column]}".strip()
    return f"the {words or 'middle'}"


def _third(weights: NDArray[np.float64]) -> int:
    """Returns the third, 0 … 2, of an axis that holds the mean of its weights."""
    middle = (np.arange(len(weights)) + 0.5) / len(weights)
    return min(int(3 * (middle @ weights)), 2)


def hottest_quarter(heat: NDArray[np.float32]) -> float:
    """Returns the share of the heat that lies in the hottest quarter of the pixels that were seen.

    Args:
        heat: Scores of pixels, `[height, width]`; NaN where unseen; those below 0 count as 0.

    Returns:
        In [¼, 1]; ¼ for a constant map.

    Example:
        >>> hottest_quarter(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))
        0.5
    """
    seen = np.sort(heat[~np.isnan(heat)].clip(min=0).astype(np.float64))[::-1]
    if not seen.any():
        return QUARTER
    count = max(round(QUARTER * len(seen)), 1)
    return float(seen[:count].sum() / seen.sum())
