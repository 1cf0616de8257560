"""Metrics of image explanations, beside those of baseline maps that know nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, from_numpy

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels
from vlminterp.attribution.explanation import Explanation
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.metrics.baselines import centre_gaussian, constant_map, random_map
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
    """Scores each map, and each baseline in its place.

    Args:
        encoder: The VLM.
        pixels: B images.
        text: Embeddings of their captions, `[B, D]`.
        explanation: The images' maps.
        masks: Mask of what each caption names, bool `[height, width]` of the whole original, at any
            size (maps are scored at the mask's); None where unknown.
        seeds: Seed of each pair's random map.

    Returns:
        Metrics of each pair; a baseline's are named `METRIC.BASELINE`.
    """
    rows: list[dict[str, float]] = [{} for _ in seeds]
    for name, maps in _maps(explanation, seeds).items():
        suffix = f".{name}" if name else ""
        shown, part = _reduced(
            encoder, pixels, text, explanation, _visible(explanation, name, maps)
        )
        columns = {
            "confidence_drop": confidence_drop(explanation.similarity, part),
            "confidence_increase": confidence_increase(explanation.similarity, part),
            "coverage": shown,
        }
        for index, row in enumerate(rows):
            row |= {f"{key}{suffix}": float(column[index]) for key, column in columns.items()}
            mask = masks[index]
            if mask is not None:
                heat = place_on_image(maps[index].numpy(), explanation.footprint(index), mask.shape)
                row |= {f"{key}{suffix}": of(heat, mask) for key, of in LOCALISATION.items()}
    return rows


def _maps(explanation: Explanation, seeds: Sequence[int]) -> Mapping[str, Sequence[Tensor]]:
    """Returns the method's maps and the baselines' (in [0, 1]), float32 `[rows, columns]` each."""
    grids = explanation.grids
    if len(grids) != len(seeds):
        raise ValueError("an image explanation has a grid for every image")
    return {
        METHOD: [explanation.map(index) for index in range(len(grids))],
        "random": [
            from_numpy(random_map(*grid, seed)) for grid, seed in zip(grids, seeds, strict=True)
        ],
        "centre": [from_numpy(centre_gaussian(*grid)) for grid in grids],
        "constant": [from_numpy(constant_map(*grid)) for grid in grids],
    }


def _visible(explanation: Explanation, name: str, maps: Sequence[Tensor]) -> Sequence[Tensor]:
    """Returns each map within [0, 1], where the baselines' lie already."""
    if name != METHOD:
        return maps
    normalised = explanation.normalised()
    return [explanation.map(index, normalised) for index in range(len(maps))]


def _reduced(
    encoder: DualEncoder,
    pixels: Pixels,
    text: Tensor,
    explanation: Explanation,
    maps: Sequence[Tensor],
) -> tuple[Tensor, Tensor]:
    """Masks the images by maps, and compares what is left with their captions.

    Returns:
        Mean of each map over its patches, and cosine of each masked image with its caption, `[B]`
        each. Pixels that no patch covers are black and not counted: the model doesn't see them.
    """
    shown = torch.zeros(len(maps), *pixels.values.shape[2:])
    share = torch.zeros(len(maps))
    for index, one in enumerate(maps):
        height, width = pixels.size(index)
        down, across = explanation.coverage
        drawn = upsample(one[None], (round(down * height), round(across * width)))
        drawn = drawn[:, :height, :width]
        shown[index, : drawn.shape[1], : drawn.shape[2]] = drawn[0]
        share[index] = coverage(drawn)[0]
    masked = replace(pixels, values=masked_pixels(pixels.values, shown))
    with torch.no_grad():
        return share, (encoder.encode_image(masked) * text).sum(-1).float().cpu()
