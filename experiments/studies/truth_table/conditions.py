"""The questions that maps are asked about scenes of the planted world, one caption a scene."""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vlminterp.planted.captions import Thing, describe
from vlminterp.planted.facts import load_facts
from vlminterp.planted.scenes import World
from vlminterp.planted.source import PlantedConfig, PlantedSource

WORLD = World(0, "test")


@dataclass(frozen=True)
class Question:
    """A caption asked of a scene.

    Attributes:
        scene: Index of the scene in `WORLD`.
        objects: Number of objects in it.
        caption: The caption.
    """

    scene: int
    objects: int
    caption: str

    def picture(self) -> Image.Image:
        """Paints the scene."""
        return Image.fromarray(WORLD.scene(self.scene, self.objects).image)


def _named(objects: int, names: str) -> Callable[[int], Question]:
    """Asks the caption that `data=planted` gives a scene."""

    def ask(index: int) -> Question:
        source = PlantedSource(PlantedConfig(pairs=index + 1, objects=objects, names=names))
        return Question(index, objects, source.pair(index).text)

    return ask


def _absent(index: int) -> Question:
    """Names a concept that the scene lacks, by its name alone."""
    rng = np.random.default_rng((1, index))
    present = {concept.name for concept in WORLD.concepts(index, 2)}
    absent = [c for c in load_facts().concepts.values() if c.name not in present]
    concept = absent[rng.integers(len(absent))]
    return Question(index, 2, describe(rng, [Thing(concept)], held_out=True).text)


def _nonsense(index: int) -> Question:
    """Writes two words of random letters."""
    rng = np.random.default_rng((2, index))
    letters = list(string.ascii_lowercase)
    words = ["".join(rng.choice(letters, rng.integers(3, 7))) for _ in range(2)]
    return Question(index, 2, " ".join(words))


CONDITIONS: Mapping[str, Callable[[int], Question]] = {
    "one object": _named(1, "object"),
    "two objects": _named(2, "object"),
    "habitat": _named(2, "background"),
    "both": _named(2, "both"),
    "absent": _absent,
    "nonsense": _nonsense,
}
"""Each asks a question of the scene with an index."""
