"""A pair as the runner takes it: read, and reduced to the size that a run folder keeps."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from PIL import Image

from vlminterp.adapters.inputs import require_readable
from vlminterp.attribution.image_scores import Mask
from vlminterp.data.images import original_size
from vlminterp.data.masks import shrunk
from vlminterp.data.pairs import Pair
from vlminterp.errors import InputError

PICTURE_SIDE = 640
"""Longest side of the pictures that a run folder keeps, in pixels."""


@dataclass(frozen=True)
class Loaded:
    """A pair that could be read.

    Attributes:
        place: The pair's place in the source.
        pair: The pair itself.
        image: The pair's picture, as the model takes it.
        size: Height and width of the original picture.
        shown: The picture as the run folder keeps it, no side longer than `PICTURE_SIDE`.
        mask: Mask of what the text names, at the size of `shown`; None where unknown.
    """

    place: int
    pair: Pair
    image: Image.Image
    size: tuple[int, int]
    shown: Image.Image
    mask: Mask | None

    @property
    def name(self) -> str:
        """The beginning of the names of its pictures."""
        return f"{self.place:06d}-{self.pair.id}"


def load_pair(place: int, pair: Pair) -> Loaded:
    """Reads a pair.

    Args:
        place: The pair's place in the source.
        pair: The pair.

    Raises:
        InputError: The picture, the mask or the caption can't be used.
    """
    require_readable(pair.text)
    image = pair.load_image()
    shown = image.copy()
    shown.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    mask = shrunk(pair.load_mask(), shown.size) if pair.load_mask else None
    return Loaded(place, pair, image, original_size(image), shown, mask)


@dataclass(frozen=True)
class LoadedBatch:
    """A batch of pairs, as far as they could be read.

    Attributes:
        stop: The place after its last pair.
        loaded: The pairs that could be read.
        unread: A reason for each of the others.
    """

    stop: int
    loaded: Sequence[Loaded]
    unread: Sequence[tuple[int, Pair, str]]


def loaded_ahead(
    batches: Iterable[tuple[int, Sequence[Pair]]], threads: Executor
) -> Iterator[LoadedBatch]:
    """Reads batches of pairs, each while the one before is worked on.

    Args:
        batches: The place of the first pair of each, and its pairs.
        threads: The threads that read; the order does not depend on them.
    """
    before: tuple[int, Sequence[Pair], list[Future[Loaded]]] | None = None
    for first, pairs in batches:
        begun = [threads.submit(load_pair, place, pair) for place, pair in enumerate(pairs, first)]
        if before is not None:
            yield _collected(*before)
        before = first, pairs, begun
    if before is not None:
        yield _collected(*before)


def _collected(first: int, pairs: Sequence[Pair], begun: list[Future[Loaded]]) -> LoadedBatch:
    loaded, unread = [], []
    for place, (pair, one) in enumerate(zip(pairs, begun, strict=True), first):
        try:
            loaded.append(one.result())
        except InputError as error:
            unread.append((place, pair, str(error)))
    return LoadedBatch(first + len(pairs), loaded, unread)
