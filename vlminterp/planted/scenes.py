"""Scenes of the planted world: pictures in which the origin of every pixel is known."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from vlminterp.errors import ConfigError, nearest
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.habitats import WIDTH, draw_habitat
from vlminterp.planted.pictures import Sprite, paste, sprite

SIZE = 128
SPLITS = ("train", "validation", "test")
MOST_OBJECTS = 2
SMALLEST_OBJECT, LARGEST_OBJECT = 40, 64
"""Longer side of an object, in pixels; from two and a half patches on, it can be recognised."""

_DISTRACTOR_SIZE = (14, 22)
_MOST_DISTRACTORS = 3
_BACKGROUNDS = 32
_TRIES = 30
_OVERLAP = 0.1

Box = tuple[int, int, int, int]
T = TypeVar("T")


@dataclass(frozen=True)
class SceneObject:
    """A concept in a scene.

    Attributes:
        concept: The concept that the object is.
        mask: Its visible pixels, bool `[SIZE, SIZE]`.
        box: Left, top, right, bottom, in pixels; right and bottom are outside.
    """

    concept: ConceptFacts
    mask: NDArray[np.bool_]
    box: Box


@dataclass(frozen=True)
class Scene:
    """A picture and the truth about it.

    Attributes:
        image: uint8 `[SIZE, SIZE, 3]`.
        objects: The concepts in it, in no particular order.
        habitat: The background's name.
        background: The habitat's visible pixels, bool `[SIZE, SIZE]`; pixels of neither an object
            nor the habitat are a distractor's.
    """

    image: NDArray[np.uint8]
    objects: tuple[SceneObject, ...]
    habitat: str
    background: NDArray[np.bool_]

    @property
    def concepts(self) -> list[ConceptFacts]:
        """The concepts of its objects, in the same order."""
        return [placed.concept for placed in self.objects]


@dataclass(frozen=True)
class Placed:
    """A sprite with its position."""

    picture: Sprite
    left: int
    top: int

    @property
    def box(self) -> Box:
        """Left, top, right and bottom, in pixels."""
        height, width = self.picture.visible.shape
        return self.left, self.top, self.left + width, self.top + height


@dataclass(frozen=True)
class SceneLayout:
    """All parts of a scene, bottom to top.

    Attributes:
        habitat: The background's name.
        backdrop: The background, uint8 `[SIZE, SIZE, 3]`.
        distractors: Small pictures that nothing names.
        objects: The concepts and their sprites.
    """

    habitat: str
    backdrop: NDArray[np.uint8]
    distractors: tuple[Placed, ...]
    objects: tuple[tuple[ConceptFacts, Placed], ...]


class World:
    """An endless sequence of scenes, each determined by its index.

    Args:
        seed: Seed of the world; worlds with the same seed and split are equal.
        split: `train`, `validation` or `test`: they share no scene and no background.
        smallest: Least length of an object's longer side, in pixels.
    """

    def __init__(self, seed: int = 0, split: str = "test", smallest: int = SMALLEST_OBJECT) -> None:
        if split not in SPLITS:
            raise ConfigError(f"no split {split!r} in the planted world; {nearest(split, SPLITS)}")
        if seed < 0:
            raise ConfigError(f"the planted world's seed must be 0 or more, not {seed}")
        self._key = (seed, zlib.crc32(split.encode()))
        self._object_size = (smallest, LARGEST_OBJECT)

    def scene(self, index: int, objects: int = 1) -> Scene:
        """Paints one scene.

        Args:
            index: Index of the scene, ≥ 0.
            objects: Number of concepts in it, 1 or 2.
        """
        return compose(self.layout(index, objects))

    def concepts(self, index: int, objects: int = 1) -> list[ConceptFacts]:
        """Returns the concepts of a scene, in the order of its objects, without painting it."""
        return self._start(index, objects)[1]

    def habitat(self, index: int, objects: int = 1) -> str:
        """Returns the name of a scene's background, without painting it."""
        return self._start(index, objects)[2]

    def _start(self, index: int, objects: int) -> tuple[Generator, list[ConceptFacts], str]:
        if not 1 <= objects <= MOST_OBJECTS:
            raise ConfigError(f"a planted scene has 1 or {MOST_OBJECTS} objects, not {objects}")
        rng = np.random.default_rng((*self._key, objects, index))
        concepts = _choose(rng, tuple(load_facts().concepts.values()), objects)
        habitats = tuple(load_facts().habitats)
        # Half of the time at random, so that models learn object and background words separately.
        natural = rng.random() < 0.5
        habitat = concepts[0].habitat if natural else habitats[rng.integers(len(habitats))]
        return rng, concepts, habitat

    def layout(self, index: int, objects: int = 1) -> SceneLayout:
        """Decides what is in a scene and where; `compose` paints it."""
        rng, concepts, habitat = self._start(index, objects)
        placed: list[Placed] = []
        for concept in concepts:
            placed.append(_place(rng, concept.code, self._object_size, placed))
        distractors: list[Placed] = []
        codes = tuple(load_facts().distractors.values())
        for code in _choose(rng, codes, int(rng.integers(_MOST_DISTRACTORS + 1))):
            distractors.append(_place(rng, code, _DISTRACTOR_SIZE, placed + distractors))
        return SceneLayout(
            habitat,
            _backdrop(rng, self._key, habitat),
            tuple(distractors),
            tuple(zip(concepts, placed, strict=True)),
        )


def compose(layout: SceneLayout) -> Scene:
    """Paints a scene and finds which pixels belong to what."""
    image = layout.backdrop.copy()
    owner = np.zeros((SIZE, SIZE), np.int8)
    layers = [*layout.distractors, *(placed for _, placed in layout.objects)]
    for number, layer in enumerate(layers, start=1):
        paste(image, layer.picture, layer.left, layer.top)
        left, top, right, bottom = layer.box
        owner[top:bottom, left:right][layer.picture.visible] = number
    first = len(layout.distractors) + 1
    objects = tuple(
        SceneObject(concept, owner == number, placed.box)
        for number, (concept, placed) in enumerate(layout.objects, start=first)
    )
    return Scene(image, objects, layout.habitat, owner == 0)


def _choose(rng: Generator, items: tuple[T, ...], count: int) -> list[T]:
    return [items[i] for i in rng.choice(len(items), count, replace=False)]


def _place(rng: Generator, code: str, sizes: tuple[int, int], others: list[Placed]) -> Placed:
    """Finds a place, wholly inside, where the picture covers little of the others."""
    picture = sprite(
        code, int(rng.integers(sizes[0], sizes[1] + 1)), mirrored=bool(rng.integers(2))
    )
    height, width = picture.visible.shape
    spots = rng.integers(0, (SIZE - width + 1, SIZE - height + 1), (_TRIES, 2))
    places = [Placed(picture, int(left), int(top)) for left, top in spots]
    for place in places:
        if all(_overlap(place.box, other.box) <= _OVERLAP for other in others):
            return place
    return min(places, key=lambda p: max(_overlap(p.box, other.box) for other in others))


def _overlap(one: Box, two: Box) -> float:
    """Returns the overlap of two boxes, as a share of the smaller one."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, two)]
    return max(width, 0) * max(height, 0) / min(areas)


@lru_cache(maxsize=2048)
def _background(key: tuple[int, int], habitat: str, number: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng((*key, zlib.crc32(habitat.encode()), number))
    return draw_habitat(habitat, rng)


def _backdrop(rng: Generator, key: tuple[int, int], habitat: str) -> NDArray[np.uint8]:
    """Returns a random part of one of the habitat's backgrounds, perhaps mirrored."""
    picture = _background(key, habitat, int(rng.integers(_BACKGROUNDS)))
    left = int(rng.integers(WIDTH - SIZE + 1))
    part = picture[:, left : left + SIZE]
    return part[:, ::-1] if rng.integers(2) else part
