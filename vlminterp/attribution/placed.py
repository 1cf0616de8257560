"""Stored maps placed on their pictures."""

import numpy as np
from numpy.typing import NDArray

from vlminterp.attribution.rows import SideResult


def placed_map(side: SideResult, size: tuple[int, int]) -> NDArray[np.float32] | None:
    """Places a side's map on its picture, at the size at which the picture is shown.

    Args:
        side: Its row says how large the original was and which part of it the model saw.
        size: Height and width at which the picture is shown.

    Returns:
        `[height, width]`, NaN where the model did not look; None without a map, or where no pixel
        of that size lies in what the model saw, as of a picture that is hundreds of times as wide
        as high.
    """
    # Imported here, since pages are made without torch where there is no map.
    from vlminterp.adapters.dual_encoder import Geometry
    from vlminterp.attribution.heatmap import place_on_image

    if side.map is None:
        return None
    width = float(side.row.get("width", size[1]))
    height = float(side.row.get("height", size[0]))
    left, top, right, bottom = side.box or (0.0, 0.0, width, height)
    across, down = size[1] / width, size[0] / height
    box = (left * across, top * down, right * across, bottom * down)
    placed = place_on_image(side.map, Geometry(size, box))
    return None if np.isnan(placed).all() else placed
