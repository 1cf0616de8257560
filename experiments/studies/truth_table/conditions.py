"""The questions that maps are asked about scenes of the planted world, one caption a scene."""

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from experiments.studies.truth_table.answers import answers
from vlminterp.adapters.dual_encoder import DualEncoder
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
        concept: Name of the concept that the caption names, of those in the scene; None if of none.
    """

    scene: int
    objects: int
    caption: str
    concept: str | None = None

    def picture(self) -> Image.Image:
        """Paints the scene."""
        return Image.fromarray(WORLD.scene(self.scene, self.objects).image)


Ask = Callable[[DualEncoder, int], Question]


def _named(objects: int, names: str) -> Ask:
    """Asks the caption that `data=planted` gives a scene."""

    def ask(_: DualEncoder, index: int) -> Question:
        source = PlantedSource(PlantedConfig(pairs=index + 1, objects=objects, names=names))
        text = source.pair(index).text
        present = (concept.name for concept in WORLD.concepts(index, objects))
        named = (name for name in present if re.search(rf"\b{name}\b", text))
        return Question(index, objects, text, next(named, None))

    return ask


def _answered(encoder: DualEncoder, index: int) -> Question:
    """Names the concept that the VLM takes a scene of one object for."""
    question = Question(index, 1, "")
    (caption,) = answers(encoder, [question.picture()])
    return replace(question, caption=caption)


def _absent(_: DualEncoder, index: int) -> Question:
    """Names a concept that the scene lacks, by its name alone."""
    rng = np.random.default_rng((1, index))
    present = {concept.name for concept in WORLD.concepts(index, 2)}
    absent = [c for c in load_facts().concepts.values() if c.name not in present]
    concept = absent[rng.integers(len(absent))]
    return Question(index, 2, describe(rng, [Thing(concept)], held_out=True).text)


def _nonsense(_: DualEncoder, index: int) -> Question:
    """Writes two words of random letters."""
    rng = np.random.default_rng((2, index))
    letters = list(string.ascii_lowercase)
    words = ["".join(rng.choice(letters, rng.integers(3, 7))) for _ in range(2)]
    return Question(index, 2, " ".join(words))


CONDITIONS: Mapping[str, Ask] = {
    "two objects": _named(2, "object"),
    "one object": _named(1, "object"),
    "answer": _answered,
    "habitat": _named(2, "background"),
    "both": _named(2, "both"),
    "absent": _absent,
    "nonsense": _nonsense,
}
"""Each asks a question of the scene with an index."""
