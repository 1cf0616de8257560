"""Finds what a VLM's score of a scene hangs on, by exchanging one part of it at a time.

This is the truth that heatmaps are held against: not where the thing is that the caption names, but
which pixels move the score. They differ for a VLM that answers by the background.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.metrics.intervals import Interval, mean_interval
from vlminterp.planted.scenes import Scene, World, compose
from vlminterp.planted.swaps import swap_background, swap_object

BACKGROUND = "background"
DRAWS = 6
"""Replacements of each part."""
LEAST = 0.1
"""The least fall of the cosine by which the exchange of a part makes it a cause."""


@dataclass(frozen=True)
class Part:
    """A part of a scene, and what exchanging it does to the score.

    Attributes:
        name: The concept's name, or `background`.
        mask: Its visible pixels, bool `[SIZE, SIZE]`.
        effect: Mean fall of the score when it is exchanged, in units of cosine, over replacements.
    """

    name: str
    mask: NDArray[np.bool_]
    effect: Interval

    @property
    def is_cause(self) -> bool:
        """Tells whether exchanging it lowers the score, beyond chance and beyond `LEAST`."""
        return self.effect.low > 0 and self.effect.mean >= LEAST


@dataclass(frozen=True)
class Causes:
    """The parts of a scene, and what a VLM's score of one caption hangs on.

    Attributes:
        score: Cosine of the scene and the caption.
        parts: The objects in the scene's order, then the background.
    """

    score: float
    parts: tuple[Part, ...]

    @property
    def nothing(self) -> bool:
        """Tells whether no part is a cause: the caption finds nothing in the scene."""
        return not any(part.is_cause for part in self.parts)

    @property
    def shares(self) -> Mapping[str, float]:
        """Each part's share of the causes' effects, in [0, 1]; all 0 where there is no cause."""
        effects = [part.effect.mean if part.is_cause else 0.0 for part in self.parts]
        total = sum(effects) or 1.0
        return {part.name: effect / total for part, effect in zip(self.parts, effects, strict=True)}

    def relevance(self) -> NDArray[np.float32]:
        """Returns each pixel's share of the causes' effects, float32 `[SIZE, SIZE]`.

        A pixel has the share of its part; those of distractors have 0.
        """
        shares = self.shares
        relevance = np.zeros(self.parts[0].mask.shape, np.float32)
        for part in self.parts:
            relevance[part.mask] = shares[part.name]
        return relevance


def find_causes(
    encoder: DualEncoder,
    world: World,
    index: int,
    captions: Sequence[str],
    objects: int = 1,
    draws: int = DRAWS,
) -> list[Causes]:
    """Exchanges each object and the background of a scene, and scores captions before and after.

    Args:
        encoder: The VLM.
        world: World of the scene, which also provides the replacements.
        index: Index of the scene.
        captions: The captions; for each the causes are found.
        objects: Number of objects in the scene, 1 or 2.
        draws: Number of replacements of each part, ≥ 2.

    Returns:
        The causes of each caption's score.
    """
    layout = world.layout(index, objects)
    scene = compose(layout)
    exchanged = [
        [compose(swap_object(world, index, layout, number, skip)) for skip in range(draws)]
        for number in range(objects)
    ]
    exchanged.append([compose(swap_background(world, index, layout, s)) for s in range(draws)])
    scores = _scores(encoder, [scene, *(one for part in exchanged for one in part)], captions)
    names = [*(concept.name for concept in scene.concepts), BACKGROUND]
    masks = [*(placed.mask for placed in scene.objects), scene.background]
    found = []
    for own in scores.T:
        falls = (own[0] - own[1:]).reshape(len(names), draws)
        parts = [
            Part(name, mask, mean_interval(fall))
            for name, mask, fall in zip(names, masks, falls, strict=True)
        ]
        found.append(Causes(float(own[0]), tuple(parts)))
    return found


def _scores(
    encoder: DualEncoder, scenes: Sequence[Scene], captions: Sequence[str]
) -> NDArray[np.float64]:
    """Returns the cosine of each scene with each caption, `[scenes, captions]`."""
    pictures = [Image.fromarray(scene.image) for scene in scenes]
    with torch.no_grad():
        images = encoder.encode_image(encoder.preprocess(pictures))
        texts = encoder.encode_text(encoder.tokenize(list(captions)))
    scores: NDArray[np.float64] = (images @ texts.T).double().cpu().numpy()
    return scores
