"""Metrics of image explanations, beside those of baseline maps that know nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, from_numpy

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels
from vlminterp.attribution.explanation import Explanation
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.metrics.baselines import (
    blurred_edges,
    centre_gaussian,
    constant_map,
    random_map,
    shuffled,
)
from vlminterp.metrics.facts import SHUFFLED, of_baseline
from vlminterp.metrics.faithfulness import (
    confidence_drop,
    confidence_increase,
    coverage,
    masked_pixels,
    upsample,
)
from vlminterp.metrics.localisation import average_precision, energy_in_mask, pointing_game

Mask = NDArray[np.bool_]
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
    """Scores each map, and its own values at random places.

    Args:
        encoder: The VLM.
        pixels: B images.
        text: Embeddings of their captions, `[B, D]`.
        explanation: The images' maps.
        masks: Mask of what each caption names, bool `[height, width]` of the whole original, at any
            size (maps are scored at the mask's); None where unknown.
        seeds: Seed of each pair's random places.

    Returns:
        Metrics of each pair; those of the shuffled map are named `METRIC.shuffled`.
    """
    normalised = explanation.normalised()
    indices = range(len(explanation))
    maps = [explanation.map(index) for index in indices]
    visible = [explanation.map(index, normalised) for index in indices]
    own = _scored(encoder, pixels, text, explanation, masks, maps, visible)
    moved, shown = (
        [from_numpy(shuffled(one.numpy(), seed)) for one, seed in zip(some, seeds, strict=True)]
        for some in (maps, visible)
    )
    matched = _scored(encoder, pixels, text, explanation, masks, moved, shown)
    return [row | of_baseline(other, SHUFFLED) for row, other in zip(own, matched, strict=True)]


def image_baselines(
    encoder: DualEncoder,
    pixels: Pixels,
    text: Tensor,
    explanation: Explanation,
    masks: Sequence[Mask | None],
    seeds: Sequence[int],
) -> list[dict[str, float]]:
    """Scores maps that know nothing in the place of each map, as `image_scores` does.

    They are the same for all explanations of the same images on the same grids.

    Args:
        encoder: The VLM.
        pixels: B images.
        text: Embeddings of their captions, `[B, D]`.
        explanation: Any explanation of these images.
        masks: The masks that `image_scores` takes.
        seeds: Seed of each pair's random map.

    Returns:
        Metrics of each pair, named `METRIC.BASELINE`.
    """
    grids = explanation.grids
    if len(grids) != len(seeds):
        raise ValueError("an image explanation has a grid for every image")
    baselines = {
        "random": [random_map(*grid, seed) for grid, seed in zip(grids, seeds, strict=True)],
        "centre": [centre_gaussian(*grid) for grid in grids],
        "constant": [constant_map(*grid) for grid in grids],
        "blurred-edges": [
            blurred_edges(_covered(pixels, index, explanation.coverage), *grid)
            for index, grid in enumerate(grids)
        ],
    }
    rows: list[dict[str, float]] = [{} for _ in seeds]
    for name, drawn in baselines.items():
        maps = [from_numpy(one) for one in drawn]
        scored = _scored(encoder, pixels, text, explanation, masks, maps, maps)
        for row, scores in zip(rows, scored, strict=True):
            row |= of_baseline(scores, name)
    return rows


def _covered(pixels: Pixels, index: int, coverage: tuple[float, float]) -> NDArray[np.floating]:
    """Returns the pixels of one input that its patches cover, `[3, height, width]`."""
    values = pixels.of(index).float().cpu().numpy()
    height, width = (
        round(share * edge) for share, edge in zip(coverage, values.shape[1:], strict=True)
    )
    return values[:, :height, :width]


def _scored(
    encoder: DualEncoder,
    pixels: Pixels,
    text: Tensor,
    explanation: Explanation,
    masks: Sequence[Mask | None],
    maps: Sequence[Tensor],
    visible: Sequence[Tensor],
) -> list[dict[str, float]]:
    """Scores maps, float32 `[rows, columns]` each; `visible` are the same within [0, 1]."""
    shown, part = _reduced(encoder, pixels, text, explanation, visible)
    columns = {
        "confidence_drop": confidence_drop(explanation.similarity, part),
        "confidence_increase": confidence_increase(explanation.similarity, part),
        "coverage": shown,
    }
    rows = []
    for index, mask in enumerate(masks):
        row = {name: float(column[index]) for name, column in columns.items()}
        if mask is not None:
            heat = place_on_image(maps[index].numpy(), explanation.footprint(index), mask.shape)
            row |= {name: of(heat, mask) for name, of in LOCALISATION.items()}
        rows.append(row)
    return rows


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
