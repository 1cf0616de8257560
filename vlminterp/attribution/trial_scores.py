"""Metrics that try explanations out part by part, beside those of shuffled ones."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.explanation import Explanation
from vlminterp.attribution.targets import cosine
from vlminterp.attribution.versions import score_captions, score_pictures
from vlminterp.metrics.baselines import shuffled
from vlminterp.metrics.curves import word_deletion
from vlminterp.metrics.facts import SHUFFLED, of_baseline
from vlminterp.metrics.faithfulness import POINTS
from vlminterp.metrics.trials import Trials


def image_trials(
    encoder: DualEncoder,
    pixels: Pixels,
    text: Tensor,
    explanation: Explanation,
    seeds: Sequence[int],
) -> list[Trials]:
    """Prepares the trials of each picture; all explanations on the same grids share them.

    Args:
        encoder: The VLM.
        pixels: B images.
        text: Embeddings of their captions, `[B, D]`.
        explanation: Any explanation of these images.
        seeds: Seed of each pair's ties, noise and random sets.
    """
    score = cosine(text)
    return [
        Trials(
            score_pictures(encoder, pixels, index, score),
            pixels.of(index),
            grid,
            explanation.coverage,
            seed,
        )
        for index, (grid, seed) in enumerate(zip(explanation.grids, seeds, strict=True))
    ]


def image_trial_scores(
    trials: Sequence[Trials], explanation: Explanation, seeds: Sequence[int]
) -> list[dict[str, float]]:
    """Tries each map out.

    Args:
        trials: The trials of each picture.
        explanation: The pictures' maps.
        seeds: Seed of each pair's random places.

    Returns:
        Metrics of each pair; those of the shuffled map are named `METRIC.shuffled`.
    """
    rows = []
    for index, (tried, seed) in enumerate(zip(trials, seeds, strict=True)):
        heat = explanation.map(index)
        moved = torch.from_numpy(shuffled(heat.numpy(), seed))
        rows.append(tried(heat) | of_baseline(tried(moved), SHUFFLED))
    return rows


def text_trial_scores(
    encoder: DualEncoder,
    tokens: Tokens,
    image: Tensor,
    explanation: Explanation,
    seeds: Sequence[int],
) -> list[dict[str, float]]:
    """Deletes the words of each caption one by one.

    Args:
        encoder: The VLM.
        tokens: B captions.
        image: Embeddings of their images, `[B, D]`.
        explanation: Scores of the tokens.
        seeds: Seed of each pair's ties and random places.

    Returns:
        Metrics of each pair, as `image_trial_scores` names them; none for a caption without words.
    """
    rows: list[dict[str, float]] = []
    for index, seed in enumerate(seeds):
        own = np.array([score for _, score in explanation.word_scores(index)], np.float32)
        score = score_captions(encoder, tokens, index, cosine(image))
        areas = [
            POINTS * word_deletion(score, torch.from_numpy(heat), seed).area
            for heat in (own, shuffled(own, seed))
            if len(heat)
        ]
        names = ("word_deletion", f"word_deletion.{SHUFFLED}")
        rows.append(dict(zip(names, areas, strict=False)))
    return rows
