"""The pictures that a VLM most gives a name to, with their objects and backgrounds exchanged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.embed import encode_images
from vlminterp.errors import InputError
from vlminterp_audit.exchange import blurred, fitted, mean_colour, paste
from vlminterp_audit.names import Names, scores
from vlminterp_audit.pool import Pool
from vlminterp_audit.things import Things

ALONE = ("blurred", "plain", "removed")
"""Further versions: background blurred, of one colour; object removed."""

CLOSE = 0.5
"""Share of the best picture's score from which the VLM gives a picture the same name."""
FEWEST = 2
"""Pictures that an interval needs."""


@dataclass(frozen=True)
class Trial:
    """A picture and those that it exchanges parts with.

    Attributes:
        picture: Its place in the pool.
        objects: Places of the pictures that lend objects, n.
        backgrounds: Places of the pictures that lend backgrounds, n.
        embeddings: Embeddings of all combinations, float32 `[1 + n, 1 + n, D]`: objects by rows,
            backgrounds by columns; its own come first.
        alone: Embeddings of the versions `ALONE`, float32 `[3, D]`.
    """

    picture: int
    objects: tuple[int, ...]
    backgrounds: tuple[int, ...]
    embeddings: Tensor
    alone: Tensor


class Exchange:
    """Makes and embeds the trials of names.

    Args:
        encoder: The VLM.
        pool: The pictures.
        things: The same taken apart.
        names: The concepts' names.
        draws: Pictures that lend objects, and as many that lend backgrounds.
        batch_size: Pictures at once.

    Attributes:
        failed: Pictures that could not be taken apart, by their place, with the reason.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        pool: Pool,
        things: Things,
        names: Names,
        draws: int,
        batch_size: int,
    ) -> None:
        self._encoder = encoder
        self._pool = pool
        self._things = things
        self._draws = draws
        self._batch_size = batch_size
        self.failed: dict[int, str] = {}
        self._scores = scores(pool.embeddings, names.contrasts).numpy()

    def trials(self, about: int, pictures: int, seed: int) -> Iterator[Trial]:
        """Yields the trials of a name, on the pictures that the VLM most gives it to.

        These need not show the concept: what counts is what the VLM takes for it. It does not take
        pictures for it that have less than half of the best one's score: these are left out.

        Args:
            about: Place of the concept.
            pictures: The most pictures.
            seed: Seed of the choice of those that lend their parts.
        """
        rng = np.random.default_rng(seed)
        for picture in islice(self._usable(self._taken(about)), pictures):
            if lenders := self.lenders(about, picture, rng):
                yield self._trial(picture, lenders)

    def _taken(self, about: int) -> NDArray[np.intp]:
        """Returns the pictures that the VLM gives a name to, best first; at least `FEWEST`."""
        column = self._scores[:, about]
        order = np.argsort(-column, kind="stable")
        given = int((column >= CLOSE * column.max()).sum()) if column.max() > 0 else 0
        return order[: max(given, FEWEST)]

    def lenders(self, about: int, picture: int, rng: np.random.Generator) -> list[int]:
        """Returns pictures whose parts take the place of a picture's own, twice `draws`.

        They show other concepts, and are in that half of all pictures that the VLM least gives the
        name to: what is exchanged goes from what it takes for the concept to what it does not.
        Where there are too few, pictures lend their parts again; the list is empty without any.
        """
        column, owners = self._scores[:, about], self._pool.owners
        other = (owners != about) & (np.arange(len(column)) != picture)
        least = other & (column <= np.median(column))
        best = least & (owners != owners[picture])
        order = [
            place
            for some in (best, least, other)
            for place in rng.permutation(np.flatnonzero(some))
        ]
        found = list(islice(self._usable(dict.fromkeys(order)), 2 * self._draws))
        return list(islice(cycle(found), 2 * self._draws))

    def compose(self, picture: int, thing: int, background: int) -> Image.Image:
        """Makes a picture with the object of one and the background of another.

        Args:
            picture: The picture whose size, and whose object's box, are kept.
            thing: The picture that lends its object.
            background: The picture that lends its background.
        """
        own, lent = self._things.take(picture), self._things.take(thing)
        behind = fitted(self._things.take(background).background, own.image.size)
        return paste(behind, lent.object, own.object.box)

    def _trial(self, picture: int, lenders: Sequence[int]) -> Trial:
        objects = (picture, *lenders[: self._draws])
        backgrounds = (picture, *lenders[self._draws :])
        made = [self.compose(picture, o, b) for o in objects for b in backgrounds]
        own = self._things.take(picture)
        behind = [blurred(own.background), mean_colour(own.background)]
        made += [paste(one, own.object, own.object.box) for one in behind]
        embedded = encode_images(self._encoder, [*made, own.background], self._batch_size)
        count = len(objects) * len(backgrounds)
        combined = embedded[:count].reshape(len(objects), len(backgrounds), -1)
        return Trial(picture, objects[1:], backgrounds[1:], combined, embedded[count:])

    def _usable(self, pictures: Iterable[int]) -> Iterator[int]:
        """Yields the places of the pictures that can be taken apart."""
        for picture in pictures:
            try:
                self._things.take(int(picture))
            except InputError as error:
                self.failed[int(picture)] = str(error)
                continue
            yield int(picture)


def scored(trials: Sequence[Trial], direction: Tensor) -> NDArray[np.float64]:
    """Returns the score of all combinations, `[P, 1 + n, 1 + n]`.

    Args:
        trials: The trials of one name.
        direction: The vector to score by, such as one of `Names.contrasts`, `[D]`.
    """
    stacked = torch.stack([trial.embeddings for trial in trials])
    found: NDArray[np.float64] = (stacked @ direction).double().cpu().numpy()
    return found
