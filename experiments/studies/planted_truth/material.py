"""Draws what every planted VLM is measured on: held-out scenes and held-out wordings."""

from collections.abc import Sequence
from dataclasses import dataclass

from vlminterp.data.concepts import Concept
from vlminterp.description.bank import Bank
from vlminterp.description.measure import texts_to_score
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.scenes import World
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.swaps import Swaps, swaps
from vlminterp.planted.wordings import THINGS


@dataclass(frozen=True)
class Material:
    """Scenes and texts, drawn once and the same for all VLMs.

    Attributes:
        concepts: Concepts with held-out scenes, for the class means.
        swaps: Scenes with one object, and the same with one thing changed.
        openings: Openings of descriptions.
        others: Number of other concepts that a description's counterparts come from.
        texts: Number of texts that the oracle scores, counterparts included.
    """

    concepts: list[Concept]
    swaps: list[Swaps]
    openings: tuple[str, ...]
    others: int
    texts: int


def draw(
    images: int, scenes: int, openings: Sequence[str] = THINGS.held_out, others: int = 3
) -> Material:
    """Draws scenes of the split `test`.

    Args:
        images: Number of scenes of each concept, for the class means, ≥ 1.
        scenes: Number of scenes that are asked about, ≥ 1.
        openings: Openings of descriptions; fewer are faster.
        others: Number of other concepts that a description's counterparts come from, ≥ 1.
    """
    concepts = list(PlantedSource(PlantedConfig(images=images, split="test")).concepts())
    names = [concept.name for concept in concepts]
    bank = Bank(planted_rows(openings, held_out=True), names, names)
    texts = texts_to_score(bank, bank.swapped(others))
    world = World(0, "test")
    asked = [swaps(world, index) for index in range(scenes)]
    return Material(concepts, asked, tuple(openings), others, texts)
