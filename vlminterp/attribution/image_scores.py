"""Scores of image explanations, each beside maps that know nothing."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels
from vlminterp.explanation import Explanation
from vlminterp.heatmap import place_on_image
from vlminterp.metrics.controls import centre_gaussian, constant_map, random_map
from vlminterp.metrics.faithfulness import (
    confidence_drop,
    confidence_increase,
    coverage,
    masked_pixels,
    upsample,
)
from vlminterp.metrics.localisation import average_precision, energy_in_mask, pointing_game

Mask = NDArray[np.bool_]
METHOD = ""
LOCALISATION = {
    "pointing_game": pointing_game,
    "energy_in_mask": energy_in_mask,
    "average_precision": average_precision,
}


def image_scores(
    encoder: DualEncoder,
    pixels: Pixels,
    text: Tensor,
    explanation: Explanation,
    masks: Sequence[Mask | None],
    seeds: Sequence[int],
) -> list[dict[str, float]]:
    """Scores each map, and controls in its place.

    Args:
        encoder: The VLM.
        pixels: B images.
        text: Embeddings of their captions, `[B, D]`.
        explanation: Maps of the images.
        masks: What each caption names, where known, bool `[height, width]` of the whole original,
            at any size: maps are judged at the mask's.
        seeds: One per pair, for the random maps.

    Returns:
        Metrics per pair; a control's are named `METRIC.CONTROL`.
    """
    rows: list[dict[str, float]] = [{} for _ in seeds]
    whole = explanation.similarity
    normalised = explanation.normalised()[:, explanation.patches()]
    normalised = normalised.reshape(explanation.maps().shape)
    for name, maps in _maps(explanation, seeds).items():
        suffix = f".{name}" if name else ""
        visible = normalised if name == METHOD else maps
        shown = upsample(visible, (pixels.values.shape[2], pixels.values.shape[3]))
        reduced = Pixels(masked_pixels(pixels.values, shown), pixels.geometry)
        with torch.no_grad():
            part = (encoder.encode_image(reduced) * text).sum(-1).float().cpu()
        columns = {
            "confidence_drop": confidence_drop(whole, part),
            "confidence_increase": confidence_increase(whole, part),
            "coverage": coverage(shown),
        }
        for index, row in enumerate(rows):
            row |= {f"{key}{suffix}": float(column[index]) for key, column in columns.items()}
            mask = masks[index]
            if mask is not None:
                heat = place_on_image(maps[index].numpy(), explanation.geometry[index], mask.shape)
                row |= {f"{key}{suffix}": of(heat, mask) for key, of in LOCALISATION.items()}
    return rows


def _maps(explanation: Explanation, seeds: Sequence[int]) -> Mapping[str, Tensor]:
    """The method's maps and the controls', which lie in [0, 1]; float32 `[B, rows, columns]`."""
    if explanation.grid is None:
        raise ValueError("an image explanation has a grid")
    rows, columns = explanation.grid
    random = [random_map(rows, columns, seed) for seed in seeds]
    centre = [centre_gaussian(rows, columns)] * len(seeds)
    constant = [constant_map(rows, columns)] * len(seeds)
    return {
        METHOD: explanation.maps(),
        "random": torch.from_numpy(np.stack(random)),
        "centre": torch.from_numpy(np.stack(centre)),
        "constant": torch.from_numpy(np.stack(constant)),
    }
