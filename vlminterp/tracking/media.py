"""Pictures as W&B shows them: figures, and pictures under masks that can be switched on and off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from vlminterp.report.cards import placed_map
from vlminterp.results.attribution import PairResult

LEVELS = 4
LABELS = {
    # fixed ones: W&B keeps one set of labels for all masks of a name
    "heat": {level: f"up to {level}/{LEVELS} of the highest score" for level in (1, 2, 3, LEVELS)},
    "named": {1: "what the caption names"},
}
"""What the numbers of each mask mean; 0 is nothing."""

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """A picture that W&B is given.

    Attributes:
        image: RGB.
        caption: What stands below it.
        masks: Numbers of `LABELS`, `[height, width]` of the image, by the mask's name.
    """

    image: Image.Image
    caption: str
    masks: Mapping[str, Mask] = field(default_factory=dict)


def as_media(pictures: Sequence[Shown]) -> list[wandb.Image]:
    """Pictures of one size, since W&B shows those of different sizes wrongly.

    Args:
        pictures: Of any sizes; they are framed, not stretched.
    """
    height = max((shown.image.height for shown in pictures), default=0)
    width = max((shown.image.width for shown in pictures), default=0)
    media = []
    for shown in pictures:
        canvas = Image.new("RGB", (width, height), "white")
        canvas.paste(shown.image)
        masks = {
            name: {
                "mask_data": np.pad(
                    mask, ((0, height - mask.shape[0]), (0, width - mask.shape[1]))
                ),
                "class_labels": LABELS[name],
            }
            for name, mask in shown.masks.items()
        }
        media.append(wandb.Image(canvas, caption=shown.caption, masks=masks or None))
    return media


def figures(folder: Path, pairs: Iterable[PairResult]) -> dict[int, Shown]:
    """The runner's figures by pair."""
    found = {}
    for pair in pairs:
        names = [side.row["overlay"] for side in pair.sides.values() if "overlay" in side.row]
        image = next((image for name in names if (image := read(folder / name))), None)
        if image is not None:
            found[pair.pair] = Shown(image, _caption(pair))
    return found


def heatmaps(folder: Path, pairs: Iterable[PairResult]) -> list[Shown]:
    """The pictures themselves; their heat, and what is named where that is known, as masks."""
    found = []
    for pair in pairs:
        side = pair.image
        if side is None or "picture" not in side.row:
            continue
        image = read(folder / side.row["picture"])
        heat = None if image is None else placed_map(side, (image.height, image.width))
        if image is None or heat is None:
            continue
        masks = {"heat": heat_levels(heat)}
        named = read(folder / side.row["mask"], "L") if "mask" in side.row else None
        if named is not None and named.size == image.size:
            masks["named"] = (np.asarray(named) > 0).astype(np.uint8)
        found.append(Shown(image, _caption(pair), masks))
    return found


def heat_levels(heat: NDArray[np.float32]) -> Mask:
    """A heatmap in quarters of its highest score, rounded up.

    Args:
        heat: `[height, width]`; NaN where the model did not look.

    Returns:
        1 … 4, and 0 where nothing is positive.

    Example:
        >>> heat_levels(np.array([[np.nan, -1.0, 0.1], [1.0, 2.1, 4.0]], np.float32))
        array([[0, 0, 1],
               [1, 3, 4]], dtype=uint8)
    """
    positive = np.nan_to_num(heat, nan=0.0).clip(0)
    top = max(float(positive.max(initial=0)), float(np.finfo(np.float32).tiny))
    levels: Mask = np.ceil(positive / top * LEVELS).astype(np.uint8)
    return levels


def read(file: Path, mode: str = "RGB") -> Image.Image | None:
    """A picture of the run folder; None where it is missing or broken."""
    try:
        with Image.open(file) as picture:
            return picture.convert(mode)
    except OSError:
        return None


def _caption(pair: PairResult) -> str:
    return f"{pair.id}: {pair.text}"
