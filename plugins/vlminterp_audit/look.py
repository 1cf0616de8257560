"""Where the evidence for words lies in a picture, and what removing it does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method
from vlminterp_attribution.support import require_able

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.explanation import Attributor, Explanation, Side, require_finite
from vlminterp.attribution.passport.attributor import with_passports
from vlminterp.attribution.passport.verdict import NOTHING
from vlminterp.attribution.targets import Similarity
from vlminterp.metrics.localisation import energy_in_mask
from vlminterp_audit.exchange import filled

Heat = NDArray[np.float32]
Mask = NDArray[np.bool_]

REMOVED = 0.2
"""Share of the pixels that is removed."""
CLEARLY = 1.5
"""How many times its share of the area a place must hold of the heat."""


@dataclass(frozen=True)
class Evidence:
    """The place of the evidence for a caption in one picture.

    Attributes:
        heat: Scores of the pixels, `[height, width]`; NaN where unseen.
        passport: The passport's word: `trust`, `doubt` or `nothing there`.
        trust: The probability that the map can be trusted, 0…1.
    """

    heat: Heat
    passport: str
    trust: float

    def on_object(self, mask: Mask) -> float:
        """Returns the share of the positive heat that lies on the object, 0…1."""
        return energy_in_mask(self.heat, mask)

    def place(self, mask: Mask) -> str:
        """Says where the heat lies: `on the object`, `around it`, `spread` or `nowhere`."""
        if self.passport == NOTHING:
            return "nowhere"
        inside, area = self.on_object(mask), float(mask.mean())
        if inside >= CLEARLY * area and inside >= 0.5:
            return "on the object"
        return "spread" if inside >= area else "around it"


class Onlooker:
    """Explains pictures by one attribution method.

    Args:
        encoder: The VLM.
        method: The method's name.
        seed: Seed of everything random.

    Raises:
        ConfigError: There is no such method, or it does not explain images.
        ModelError: The vision tower lacks what the method needs.
    """

    def __init__(self, encoder: DualEncoder, method: str, seed: int) -> None:
        made = make_method(method, Side.image, Batches(encoder, Similarity(), seed))
        require_able(encoder, [made])
        self._encoder = encoder
        self._bare: Attributor = made
        self._attributor = with_passports([made], encoder, seed)[0]

    def heat(self, image: Image.Image, caption: str) -> Heat:
        """Returns one map without a passport, placed on the picture."""
        return self._explained(self._bare, [image], [caption]).on_image(0)

    def look(self, images: Sequence[Image.Image], captions: Sequence[str]) -> list[Evidence]:
        """Returns a map with its passport for each picture and caption."""
        found = self._explained(self._attributor, images, captions)
        words = found.labels["passport"]
        trust = found.numbers["trust"].tolist()
        return [Evidence(found.on_image(i), words[i], trust[i]) for i in range(len(images))]

    def _explained(
        self, attributor: Attributor, images: Sequence[Image.Image], captions: Sequence[str]
    ) -> Explanation:
        pixels = self._encoder.preprocess(images)
        found = attributor.attribute(pixels, self._encoder.tokenize(captions))
        require_finite(found)
        return found


def without_hottest(image: Image.Image, heat: Heat, seed: int = 0) -> list[Image.Image]:
    """Removes the hottest pixels, and as many elsewhere.

    Args:
        image: The picture, RGB.
        heat: Scores of its pixels, `[height, width]`; NaN where unseen.
        seed: Seed of the noise in what is filled.

    Returns:
        The picture without its hottest pixels, and without as many of the same shape, shifted by
        half of the picture in both directions.
    """
    known = np.nan_to_num(heat, nan=-np.inf)
    count = max(1, round(REMOVED * known.size))
    hot = np.zeros(known.size, np.bool_)
    hot[np.argsort(-known, axis=None, kind="stable")[:count]] = True
    mask: Mask = hot.reshape(known.shape)
    height, width = mask.shape
    elsewhere = np.roll(mask, (height // 2, width // 2), (0, 1))
    return [filled(image, removed, seed) for removed in (mask, elsewhere)]
