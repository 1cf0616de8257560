"""Draws the picture in the README: `python -m experiments.recipes.planted.contact_sheet`.

Above, scenes with one object; in the middle, with two; below, whose pixels are whose: the
objects in their own colours, distractors white, the habitat dark.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.planted.scenes import Scene, World

COLUMNS = 8


def owners(scene: Scene) -> NDArray[np.uint8]:
    """Returns a picture of the masks, uint8 `[SIZE, SIZE, 3]`."""
    objects = np.logical_or.reduce([thing.mask for thing in scene.objects])
    picture = scene.image.copy()
    picture[~objects] = 255
    picture[scene.background] = scene.image[scene.background] // 5
    return picture


def main() -> None:
    """Writes `scenes.png` beside this file."""
    world = World(0, "test")
    single = [world.scene(index).image for index in range(2 * COLUMNS)]
    double = [world.scene(index, 2) for index in range(2 * COLUMNS)]
    pictures = [*single, *(s.image for s in double), *(owners(s) for s in double[:COLUMNS])]
    rows = [
        np.concatenate(pictures[i : i + COLUMNS], axis=1) for i in range(0, len(pictures), COLUMNS)
    ]
    out = Path(__file__).parent / "scenes.png"
    Image.fromarray(np.concatenate(rows)).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
