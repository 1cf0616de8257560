"""Computes one vector for each concept: the mean of its images' unit embeddings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.data.concepts import Concept, LoadImage
from vlminterp.description.embed import encode_images
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.errors import InputError

_MOST_PIXELS = 2**26
"""A batch with more pixels takes no further image: 256 MiB as RGB."""


@dataclass(frozen=True)
class Skipped:
    """An image, or all images of a concept, that could not be used, with the reason."""

    concept: str
    reason: str


@dataclass(frozen=True)
class ClassMeans:
    """The mean image embeddings of K concepts.

    Attributes:
        ids: Ids of the concepts, in the order given.
        names: Names of the concepts in texts.
        means: Mean unit embedding of each concept's images, not renormalised (so that a dot product
            with a unit text embedding is their mean cosine), float32 `[K, D]`, on the encoder's
            device.
        counts: Number of images in each mean, ≥ 1.
        skipped: Images that could not be read, and concepts that were left out because of it.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    means: Tensor
    counts: tuple[int, ...]
    skipped: tuple[Skipped, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def class_means(
    encoder: DualEncoder,
    concepts: Sequence[Concept],
    *,
    held_out: bool = False,
    fewest: int | None = None,
    batch_size: int = 64,
    cache: EmbeddingCache | None = None,
    on_advance: Callable[[int], None] | None = None,
) -> ClassMeans:
    """Embeds the images of concepts and averages them.

    Args:
        encoder: The VLM.
        concepts: One concept or more; ids must differ.
        held_out: Whether to take the images that no reward sees.
        fewest: Least number of concepts that must have a readable image; the others are left out.
            None for all.
        batch_size: Images at once, all of one concept.
        cache: Cache of embeddings; None computes all.
        on_advance: Called after each batch with its number of images, unreadable ones included.

    Returns:
        The means in the order of `concepts`, without those that are left out.

    Raises:
        InputError: Too few concepts have a readable image, or two have the same id.
    """
    check_ids(concepts)
    needed = len(concepts) if fewest is None else fewest
    means, counts, kept = [], [], []
    skipped: list[Skipped] = []
    without: list[str] = []
    for concept in concepts:
        total = np.zeros((), np.float64)
        count = 0
        found: list[Skipped] = []
        loaders = concept.held_out if held_out else concept.images
        for batch, size in _batches(concept.id, loaders, batch_size, found):
            if batch:
                # Summed in float64, so that a mean of thousands is as exact as one of ten.
                embedded = encode_images(encoder, batch, batch_size, cache).cpu().numpy()
                total = total + embedded.sum(0, dtype=np.float64)
                count += len(batch)
            if on_advance:
                on_advance(size)
        skipped += found
        if count:
            means.append((total / count).astype(np.float32))
            counts.append(count)
            kept.append(concept)
            continue
        without.append(_without_images(concept, held_out=held_out, found=found))
        if len(concepts) - len(without) < needed:
            raise InputError(_too_few(len(concepts), needed, without))
        if loaders or not held_out:
            skipped.append(Skipped(concept.id, _left_out(len(loaders), held_out=held_out)))
    return ClassMeans(
        tuple(concept.id for concept in kept),
        tuple(concept.name for concept in kept),
        torch.from_numpy(np.stack(means) if means else np.zeros((0, 0))).to(encoder.device),
        tuple(counts),
        tuple(skipped),
    )


def check_ids(concepts: Sequence[Concept]) -> None:
    """Checks that concepts can be told apart.

    Raises:
        InputError: There are no concepts, or two have the same id.
    """
    if not concepts:
        raise InputError("there are no concepts; check data=")
    seen: set[str] = set()
    for concept in concepts:
        if concept.id in seen:
            raise InputError(f"two concepts have the id '{concept.id}'; ids must differ")
        seen.add(concept.id)


def _batches(
    concept: str, loaders: Iterable[LoadImage], size: int, skipped: list[Skipped]
) -> Iterator[tuple[list[Image.Image], int]]:
    """Yields the readable images of each batch, and how many images were tried for it.

    Batches of large images hold fewer, so that memory is bounded.
    """
    images: list[Image.Image] = []
    tried = pixels = 0
    for load in loaders:
        tried += 1
        try:
            images.append(load())
            pixels += images[-1].width * images[-1].height
        except InputError as error:
            skipped.append(Skipped(concept, str(error)))
        if tried == size or pixels > _MOST_PIXELS:
            yield images, tried
            images, tried, pixels = [], 0, 0
    if tried:
        yield images, tried


def _too_few(concepts: int, needed: int, without: Sequence[str]) -> str:
    if needed == concepts:
        return without[0]
    have = f"fewer than {needed} of {concepts} concepts have" if needed > 1 else "no concept has"
    return f"{have} an image that can be read; the first without: {without[0]}"


def _left_out(images: int, *, held_out: bool) -> str:
    kind = "held-out images" if held_out else "images"
    return f"none of its {images} {kind} can be read" if images else f"it has no {kind}"


def _without_images(concept: Concept, *, held_out: bool, found: Sequence[Skipped]) -> str:
    kind = "held-out images" if held_out else "images"
    if not found:
        return f"concept '{concept.name}' ({concept.id}) has no {kind}"
    return (
        f"concept '{concept.name}' ({concept.id}): none of its {len(found)} {kind} can be read; "
        f"the first: {found[0].reason}"
    )
