"""Measures how well a VLM knows the planted world: held-out scenes and wordings, no training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from vlminterp.planted.captions import Caption, Thing, describe, describe_colour
from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.scenes import Scene, World

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class Embedder:
    """The parts of a VLM that this test needs; both return unit vectors, float32 `[B, D]`.

    Attributes:
        images: Function that embeds B pictures.
        texts: Function that embeds B captions.
    """

    images: Callable[[Sequence[Image.Image]], Embeddings]
    texts: Callable[[Sequence[str]], Embeddings]


@dataclass(frozen=True)
class Accuracy:
    """Shares of right answers, 0…1.

    Attributes:
        concept: One object: its caption wins against those of all other concepts.
        concept_bare: The same with the bare name as caption, which training has seen.
        two_objects: Two objects: each one's caption is among the two best.
        habitat: One object: the habitat's caption wins against those of all habitats.
        colour: One object: the colour's caption wins against those of all colours.
        caption: The best of all full captions in a group of scenes is true of the scene.
    """

    concept: float
    concept_bare: float
    two_objects: float
    habitat: float
    colour: float
    caption: float


GROUP = 100  # Scenes among whose full captions `Accuracy.caption` chooses.


def zero_shot(embedder: Embedder, world: World, scenes: int) -> Accuracy:
    """Returns a VLM's accuracies, without any training on the test.

    Args:
        embedder: The VLM.
        world: World of the scenes.
        scenes: Number of scenes with one object, and again of scenes with two.
    """
    rng = np.random.default_rng(0)
    single = [world.scene(i) for i in range(scenes)]
    double = [world.scene(i, objects=2) for i in range(scenes)]
    ones, twos = _images(embedder, single), _images(embedder, double)
    named = _concept_captions(rng)
    bare = [[Caption(name, frozenset({name})) for name in load_facts().concepts]]
    return Accuracy(
        concept=_best_is_true(embedder, ones, single, named),
        concept_bare=_best_is_true(embedder, ones, single, bare),
        two_objects=_two_best_share(embedder, twos, double, named),
        habitat=_best_is_true(embedder, ones, single, _habitat_captions(rng)),
        colour=_best_is_true(embedder, ones, single, _colour_captions(rng)),
        caption=_full_captions(embedder, ones, single, rng),
    )


WORDINGS = 8  # Sets of captions, each with wordings of its own; scenes take turns.


def _concept_captions(rng: Generator) -> list[list[Caption]]:
    concepts = load_facts().concepts.values()
    return [[describe(rng, [Thing(c)], held_out=True) for c in concepts] for _ in range(WORDINGS)]


def _habitat_captions(rng: Generator) -> list[list[Caption]]:
    habitats = load_facts().habitats.values()
    return [[describe(rng, [], h, held_out=True) for h in habitats] for _ in range(WORDINGS)]


def _colour_captions(rng: Generator) -> list[list[Caption]]:
    return [[describe_colour(rng, c, held_out=True) for c in COLOURS] for _ in range(WORDINGS)]


def _images(embedder: Embedder, scenes: Sequence[Scene], batch: int = 100) -> Embeddings:
    pictures = [Image.fromarray(scene.image) for scene in scenes]
    starts = range(0, len(pictures), batch)
    return np.concatenate([embedder.images(pictures[i : i + batch]) for i in starts])


def _scores(
    embedder: Embedder, images: Embeddings, sets: Sequence[Sequence[Caption]]
) -> NDArray[np.float32]:
    """Returns each image's similarity to the captions of the set in turn, `[images, K]`."""
    texts = [embedder.texts([caption.text for caption in captions]) for captions in sets]
    return np.stack([texts[i % len(sets)] @ image for i, image in enumerate(images)])


def _best_is_true(
    embedder: Embedder,
    images: Embeddings,
    scenes: Sequence[Scene],
    sets: Sequence[Sequence[Caption]],
) -> float:
    best = _scores(embedder, images, sets).argmax(axis=1)
    right = [sets[i % len(sets)][k].true_of(scenes[i]) for i, k in enumerate(best)]
    return float(np.mean(right))


def _two_best_share(
    embedder: Embedder,
    images: Embeddings,
    scenes: Sequence[Scene],
    sets: Sequence[Sequence[Caption]],
) -> float:
    best = _scores(embedder, images, sets).argsort(axis=1)[:, -2:]
    right = [sets[i % len(sets)][k].true_of(scenes[i]) for i, two in enumerate(best) for k in two]
    return float(np.mean(right))


def _full_captions(
    embedder: Embedder, images: Embeddings, scenes: Sequence[Scene], rng: Generator
) -> float:
    right = []
    for start in range(0, len(scenes), GROUP):
        group = scenes[start : start + GROUP]
        captions = [_full_caption(rng, scene) for scene in group]
        texts = embedder.texts([caption.text for caption in captions])
        best = (images[start : start + GROUP] @ texts.T).argmax(axis=1)
        right += [captions[k].true_of(scene) for k, scene in zip(best, group, strict=True)]
    return float(np.mean(right))


def _full_caption(rng: Generator, scene: Scene) -> Caption:
    thing = Thing(scene.objects[0].concept, coloured=True)
    return describe(rng, [thing], load_facts().habitats[scene.habitat], held_out=True)
