"""Saves the pictures of a pair: its own, the mask of what its text names, a figure a method."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.attribution.loaded import Loaded
from vlminterp.results.run_folder import RunFolder


class Drawing(Protocol):
    """Draws one method's answer for a pair; `vlminterp.drawing.figure.figure` is one."""

    def __call__(
        self,
        image: Image.Image,
        heat: NDArray[np.float32] | None,
        words: Sequence[tuple[str, float]],
        unit: str,
        caption: str,
        *,
        signed: bool,
    ) -> Image.Image:
        """Draws a picture, its heat (or None), words with scores, and the caption."""


def save_pictures(
    results: RunFolder, item: Loaded, figures: Mapping[str, Image.Image]
) -> dict[str, dict[str, str]]:
    """Saves a pair's pictures; only masks keep every pixel.

    Args:
        results: The run folder.
        item: The pair.
        figures: A figure for each method, by its name, which is empty for a method without one.

    Returns:
        For each method, paths in the run folder by what they show: `picture`, `mask`, `overlay`.
    """
    saved = {"picture": results.save_picture(item.name, item.shown, exact=False)}
    if item.mask is not None:
        saved["mask"] = results.save_picture(f"{item.name}-named", Image.fromarray(item.mask))
    return {
        method: {
            **saved,
            "overlay": results.save_picture(
                f"{item.name}-{method or 'explained'}", drawn, exact=False
            ),
        }
        for method, drawn in figures.items()
    }
