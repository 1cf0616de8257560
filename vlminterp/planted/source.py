"""Pairs from the planted world, with the truth about them: `data=planted`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.concepts import Concept, LoadImage, PictureFacts
from vlminterp.data.pairs import Pair, Region, Source
from vlminterp.errors import ConfigError, nearest
from vlminterp.planted.captions import Thing, describe
from vlminterp.planted.facts import load_facts
from vlminterp.planted.scenes import MOST_OBJECTS, SPLITS, World

NAMES = ("object", "background", "both")


@dataclass
class PlantedConfig:
    """Options of `data=planted`.

    Attributes:
        pairs: Number of pairs, ≥ 1.
        objects: Objects in a scene, 1 or 2; a caption that names objects names one of them.
        seed: Seed of the scenes, ≥ 0.
        split: `train`, `validation` or `test`: the last two in wordings that no model was
            trained on.
        names: The content that a caption names: an `object`, the `background` or `both`.
        images: Scenes of each concept, with one object, ≥ 1; as many others are held out.
    """

    pairs: int = 60
    objects: int = 2
    seed: int = 0
    split: str = "test"
    names: str = "object"
    images: int = 16

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError(f"data.pairs={self.pairs} must be at least 1")
        if not 1 <= self.objects <= MOST_OBJECTS:
            raise ConfigError(f"data.objects={self.objects} must be 1 or {MOST_OBJECTS}")
        if self.seed < 0:
            raise ConfigError(f"data.seed={self.seed} must be at least 0")
        if self.split not in SPLITS:
            raise ConfigError(f"data.split={self.split} is unknown; {nearest(self.split, SPLITS)}")
        if self.names not in NAMES:
            raise ConfigError(f"data.names={self.names} is unknown; {nearest(self.names, NAMES)}")
        if self.images < 1:
            raise ConfigError(f"data.images={self.images} must be at least 1")


class PlantedSource(Source):
    """Yields scenes, each with a caption that names one of its objects, its background or both.

    As concepts it yields those of the planted world, with scenes that show one of them alone.
    """

    Config = PlantedConfig

    def __init__(self, config: PlantedConfig) -> None:
        self.config = config
        self.world = World(config.seed, config.split)

    def pairs(self) -> Iterator[Pair]:
        """Yields the pairs; a scene is painted only when its image or mask is loaded."""
        return map(self.pair, range(self.config.pairs))

    def concepts(self) -> Iterator[Concept]:
        """Yields the concepts; a scene is painted only when its image is loaded."""
        wanted = 2 * self.config.images
        found: dict[str, list[int]] = {name: [] for name in load_facts().concepts}
        missing = len(found)
        for index in count():
            if not missing:
                break
            scenes = found[self.world.concepts(index)[0].name]
            scenes.append(index)
            missing -= len(scenes) == wanted
        for name, scenes in found.items():
            images = tuple(partial(self._portrait, index) for index in scenes[:wanted])
            about: dict[LoadImage, PictureFacts] = {
                load: self._facts(index) for load, index in zip(images, scenes, strict=False)
            }
            half = self.config.images
            yield Concept(name, name, images[:half], images[half:], about)

    def count(self) -> int:
        """Returns the number of pairs."""
        return self.config.pairs

    def pair(self, index: int) -> Pair:
        """Returns one pair, by its scene's index, ≥ 0."""
        config = self.config
        rng = np.random.default_rng((config.seed, index))
        concepts = self.world.concepts(index, config.objects)
        habitat = load_facts().habitats[self.world.habitat(index, config.objects)]
        named = int(rng.integers(config.objects))
        thing = Thing(concepts[named], coloured=bool(rng.integers(2)))
        caption = describe(
            rng,
            [thing] if config.names != "background" else [],
            habitat if config.names != "object" else None,
            held_out=config.split != "train",
        )
        regions = [
            Region(
                "object",
                concept.name,
                caption.object_spans if number == named else (),
                partial(self._object, index, number),
            )
            for number, concept in enumerate(concepts)
        ]
        background = partial(self._background, index)
        regions.append(Region("background", habitat.name, caption.background_spans, background))
        return Pair(
            id=f"planted-{config.split}-{config.seed}-{index:06d}",
            text=caption.text,
            load_image=partial(self._image, index),
            load_mask=partial(_union, [region for region in regions if region.words]),
            named_words=tuple(sorted(caption.object_spans + caption.background_spans)),
            regions=tuple(regions),
        )

    def _portrait(self, index: int) -> Image.Image:
        return Image.fromarray(self.world.scene(index).image)

    def _facts(self, index: int) -> PictureFacts:
        return PictureFacts(f"{index:06d}", partial(self._portrayed, index))

    def _portrayed(self, index: int) -> NDArray[np.bool_]:
        return self.world.scene(index).objects[0].mask

    def _image(self, index: int) -> Image.Image:
        return Image.fromarray(self.world.scene(index, self.config.objects).image)

    def _object(self, index: int, number: int) -> NDArray[np.bool_]:
        return self.world.scene(index, self.config.objects).objects[number].mask

    def _background(self, index: int) -> NDArray[np.bool_]:
        return self.world.scene(index, self.config.objects).background


def _union(regions: Sequence[Region]) -> NDArray[np.bool_]:
    union: NDArray[np.bool_] = np.any([region.load_mask() for region in regions], axis=0)
    return union
