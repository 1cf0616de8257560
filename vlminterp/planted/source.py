"""Pairs from the planted world, with the truth about them: `data=planted`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.pairs import Pair, Source
from vlminterp.errors import ConfigError, nearest
from vlminterp.planted.captions import Thing, describe
from vlminterp.planted.scenes import MOST_OBJECTS, SPLITS, World


@dataclass
class PlantedConfig:
    """Options of `data=planted`.

    Attributes:
        pairs: How many pairs, ≥ 1.
        objects: Objects in a scene, 1 or 2; the caption names one of them.
        seed: Which scenes, ≥ 0.
        split: `train`, `validation` or `test`: the last two in wordings that no model was
            trained on.
    """

    pairs: int = 60
    objects: int = 2
    seed: int = 0
    split: str = "test"

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise ConfigError(f"data.pairs={self.pairs} must be at least 1")
        if not 1 <= self.objects <= MOST_OBJECTS:
            raise ConfigError(f"data.objects={self.objects} must be 1 or {MOST_OBJECTS}")
        if self.seed < 0:
            raise ConfigError(f"data.seed={self.seed} must be at least 0")
        if self.split not in SPLITS:
            raise ConfigError(f"data.split={self.split} is unknown; {nearest(self.split, SPLITS)}")


class PlantedSource(Source):
    """Yields scenes, each with a caption that names one of its objects."""

    Config = PlantedConfig

    def __init__(self, config: PlantedConfig) -> None:
        self.config = config
        self.world = World(config.seed, config.split)

    def pairs(self) -> Iterator[Pair]:
        """Yields the pairs; a scene is drawn only when its image or mask is asked for."""
        return map(self._pair, range(self.config.pairs))

    def count(self) -> int:
        """How many pairs there are."""
        return self.config.pairs

    def _pair(self, index: int) -> Pair:
        config = self.config
        rng = np.random.default_rng((config.seed, index))
        named = int(rng.integers(config.objects))
        concept = self.world.concepts(index, config.objects)[named]
        thing = Thing(concept, coloured=bool(rng.integers(2)))
        caption = describe(rng, [thing], held_out=config.split != "train")
        return Pair(
            id=f"planted-{config.split}-{config.seed}-{index:06d}",
            text=caption.text,
            load_image=partial(self._image, index),
            load_mask=partial(self._mask, index, named),
            named_words=caption.object_spans,
        )

    def _image(self, index: int) -> Image.Image:
        return Image.fromarray(self.world.scene(index, self.config.objects).image)

    def _mask(self, index: int, named: int) -> NDArray[np.bool_]:
        return self.world.scene(index, self.config.objects).objects[named].mask
