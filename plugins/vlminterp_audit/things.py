"""Pictures taken apart: the object, and the background without it."""

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from vlminterp_audit.exchange import Cutout, Mask, cut_out, filled
from vlminterp_audit.pool import Pool
from vlminterp_audit.regions import Origin, Regions

SIDE = 384
"""Longer side, in pixels, at which pictures are tested."""
KEPT = 256
"""Pictures that stay in memory taken apart."""


@dataclass(frozen=True)
class TakenApart:
    """A picture taken apart.

    Attributes:
        image: The picture, RGB.
        mask: The pixels that show its concept, bool `[height, width]`.
        origin: Where the mask comes from.
        object: The object alone.
        background: The picture without it.
    """

    image: Image.Image
    mask: Mask
    origin: Origin
    object: Cutout
    background: Image.Image


class Things:
    """Takes the pictures of a pool apart, each when it is needed.

    Args:
        pool: The pictures.
        regions: Finds their objects.
    """

    def __init__(self, pool: Pool, regions: Regions) -> None:
        self._pool = pool
        self._regions = regions
        self.take = lru_cache(KEPT)(self._take)

    def _take(self, picture: int) -> TakenApart:
        """Takes one picture apart, by its place in the pool.

        Raises:
            InputError: The picture or its mask can't be read.
        """
        load = self._pool.loads[picture]
        image = load().convert("RGB")
        image.thumbnail((SIDE, SIDE))
        mask, origin = self._regions.find(image, self._pool.owner(picture), load)
        cutout, background = cut_out(image, mask), filled(image, mask, seed=picture)
        return TakenApart(image, mask, origin, cutout, background)
