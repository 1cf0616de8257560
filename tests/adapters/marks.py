"""A marked picture: is the mark found where it was, on a map drawn on the picture?"""

import numpy as np
from PIL import Image

from vlminterp.attribution.heatmap import place_on_image


def photo(height, width):
    """Returns a smooth picture with every colour."""
    small = np.random.default_rng(height).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def assert_mark_comes_back(preprocess, height, width, patch=4):
    """A mark near a corner of what the model sees lies where it was, on a map of the input."""
    box = preprocess([photo(height, width)]).geometry[0].box
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], width), min(box[3], height)
    side = 0.2 * min(right - left, bottom - top)
    black = preprocess([Image.new("RGB", (width, height))])
    rows, columns = np.indices((height, width)) + 0.5
    for x, y in ((left + side, bottom - side), (right - side, top + side)):
        marked = (abs(rows - y) < side / 2) & (abs(columns - x) < side / 2)
        picture = np.where(marked[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2)
        pixels = preprocess([Image.fromarray(picture)])
        bright = (pixels.values - black.values)[0].mean(0)
        grid = bright.reshape(len(bright) // patch, patch, -1, patch).mean((1, 3)).numpy()
        heat = np.nan_to_num(place_on_image(grid, pixels.geometry[0])).clip(0)
        heat[heat < heat.max() / 4] = 0  # ringing
        across, down = (box[2] - box[0]) / bright.shape[1], (box[3] - box[1]) / bright.shape[0]
        centre = (heat * columns).sum() / heat.sum(), (heat * rows).sum() / heat.sum()
        assert abs(centre[0] - columns[marked].mean()) < 0.5 * max(across, 1)
        assert abs(centre[1] - rows[marked].mean()) < 0.5 * max(down, 1)
