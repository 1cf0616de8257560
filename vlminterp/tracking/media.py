"""Pictures for W&B: figures, and pictures with masks that can be switched on and off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import PairResult
from vlminterp.data.images import opened
from vlminterp.errors import InputError

LEVELS = 4
LABELS = {
    # fixed, since W&B keeps one set of labels for all masks of a name
    "heat": {level: f"up to {level}/{LEVELS} of the highest score" for level in (1, 2, 3, LEVELS)},
    "named": {1: "what the caption names"},
}
"""Labels of the numbers in each mask; 0 has none."""

Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Shown:
    """A picture that is logged to W&B.

    Attributes:
        file: A picture of the run folder.
        size: Width and height in pixels.
        caption: Text below the picture.
        masks: Masks of numbers from `LABELS`, `[height, width]` of the picture, by name.
    """

    file: Path
    size: tuple[int, int]
    caption: str
    masks: Mapping[str, Mask] = field(default_factory=dict)


def as_media(pictures: Sequence[Shown]) -> list[wandb.Image]:
    """Makes W&B images of one size, since W&B shows those of different sizes wrongly.

    Args:
        pictures: Pictures of any sizes; they are padded, not stretched. Those that need no padding
            are passed as files: encoding them again would take most of a mirror's time.
    """
    width = max((shown.size[0] for shown in pictures), default=0)
    height = max((shown.size[1] for shown in pictures), default=0)
    media = []
    for shown in pictures:
        below, beside = height - shown.size[1], width - shown.size[0]
        framed = _framed(shown.file, (width, height)) if below or beside else str(shown.file)
        masks = {
            name: {
                "mask_data": np.pad(mask, ((0, below), (0, beside))),
                "class_labels": LABELS[name],
            }
            for name, mask in shown.masks.items()
        }
        media.append(wandb.Image(framed, caption=shown.caption, masks=masks or None))
    return media


def _framed(file: Path, size: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size, "white")
    with opened(file) as image:
        canvas.paste(image.convert("RGB"))
    return canvas


def picture(file: Path, caption: str) -> Shown | None:
    """Opens a picture of the run folder; returns None where it is missing or broken."""
    try:
        with opened(file) as image:
            size = image.size
            image.verify()
    except InputError:
        return None
    return Shown(file, size, caption)


def figures(folder: Path, pairs: Iterable[PairResult]) -> dict[int, Shown]:
    """Finds the runner's figures by the pair's place, without pairs that have no readable one."""
    found = {}
    for pair in pairs:
        names = [side.row["overlay"] for side in pair.sides.values() if "overlay" in side.row]
        shown = next(
            (one for name in names if (one := picture(folder / name, _caption(pair)))), None
        )
        if shown is not None:
            found[pair.pair] = shown
    return found


def heatmaps(folder: Path, pairs: Iterable[PairResult]) -> list[Shown]:
    """Finds the pairs' pictures, with their heat and, where known, what is named as masks."""
    found = []
    for pair in pairs:
        side = pair.image
        if side is None or "picture" not in side.row:
            continue
        shown = picture(folder / side.row["picture"], _caption(pair))
        heat = None if shown is None else placed_map(side, shown.size[::-1])
        if shown is None or heat is None:
            continue
        masks = {"heat": heat_levels(heat)}
        named = _named(folder / side.row["mask"]) if "mask" in side.row else None
        if named is not None and named.shape == heat.shape:
            masks["named"] = named
        found.append(replace(shown, masks=masks))
    return found


def heat_levels(heat: NDArray[np.float32]) -> Mask:
    """Rounds a heatmap up to quarters of its highest score.

    Args:
        heat: `[height, width]`; NaN where the model did not look.

    Returns:
        Levels 1 … 4, uint8 `[height, width]`; 0 where the score is not positive.

    Example:
        >>> heat_levels(np.array([[np.nan, -1.0, 0.1], [1.0, 2.1, 4.0]], np.float32))
        array([[0, 0, 1],
               [1, 3, 4]], dtype=uint8)
    """
    positive = np.nan_to_num(heat, nan=0.0).clip(0)
    top = max(float(positive.max(initial=0)), float(np.finfo(np.float32).tiny))
    levels: Mask = np.ceil(positive / top * LEVELS).astype(np.uint8)
    return levels


def _named(file: Path) -> Mask | None:
    try:
        with opened(file) as image:
            named: Mask = (np.asarray(image.convert("L")) > 0).astype(np.uint8)
    except InputError:
        return None
    return named


def _caption(pair: PairResult) -> str:
    return f"{pair.id}: {pair.text}"
