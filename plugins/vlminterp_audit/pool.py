"""All concepts' pictures, embedded part by part: those that tests are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.data.concepts import Concept, LoadImage
from vlminterp.description.class_means import check_ids
from vlminterp.description.embed import encode_images
from vlminterp.errors import InputError
from vlminterp.plugin import Context
from vlminterp_audit.settings import AuditConfig, Describe

POOL = "pool"
"""The table of pictures: one row for each, and those that can't be read."""
FEWEST = 2
"""Concepts that a name's score can be compared among."""


@dataclass(frozen=True)
class Pool:
    """The readable pictures of K concepts.

    Attributes:
        concepts: The concepts that have any.
        owners: Each picture's concept, int `[n]`.
        loads: Functions that load the pictures.
        embeddings: Their unit embeddings, float32 `[n, D]`, on the encoder's device.
    """

    concepts: tuple[Concept, ...]
    owners: NDArray[np.intp]
    loads: tuple[LoadImage, ...]
    embeddings: Tensor

    def __len__(self) -> int:
        return len(self.loads)

    def owner(self, picture: int) -> Concept:
        """Returns the concept that a picture shows, by its place."""
        return self.concepts[int(self.owners[picture])]

    def of(self, concept: int) -> NDArray[np.intp]:
        """Returns the places of a concept's own pictures."""
        return np.flatnonzero(self.owners == concept)

    def means(self) -> Tensor:
        """Returns the mean embedding of each concept's pictures, `[K, D]`."""
        return torch.stack([self.embeddings[self.of(k)].mean(0) for k in range(len(self.concepts))])


def pooled(context: Context[AuditConfig]) -> Pool:
    """Embeds every concept's pictures; parts of an earlier, killed run are read.

    Held-out pictures are taken where there are any, so that an EX2 run has not seen them; where its
    phrases are not tested, others fill up.

    Raises:
        InputError: Concepts share an id, or fewer than `FEWEST` have a readable picture.
    """
    concepts = list(context.source.concepts())
    check_ids(concepts)
    table = context.results.table(POOL)
    seen = context.config.describe is Describe.ex2
    chosen = [chosen_of(one, context.config.pictures, rewarded=not seen) for one in concepts]
    done = sum(len(loads) for number, loads in enumerate(chosen) if number in table)
    with context.progress.track("embedding", sum(map(len, chosen)), done, "pictures") as stage:
        for number in context.results.unmade(range(len(concepts)), POOL):
            _write(context, number, concepts[number], chosen[number])
            stage.advance(len(chosen[number]))
    found = _read(context, concepts, chosen)
    if len(found.concepts) < FEWEST:
        raise InputError(
            f"{len(found.concepts)} of {len(concepts)} concepts have a picture that can be read; "
            f"an audit compares at least {FEWEST}"
        )
    return found


def chosen_of(concept: Concept, most: int, *, rewarded: bool) -> Sequence[LoadImage]:
    """Returns a concept's pictures that are embedded: held-out ones, and others if too few are.

    Args:
        concept: The concept.
        most: The most pictures.
        rewarded: Whether pictures that make rewards may fill up.
    """
    checking = _spread(concept.held_out, most)
    if checking and not rewarded:
        return checking
    return [*checking, *_spread(concept.images, most - len(checking))]


def _spread(loads: Sequence[LoadImage], most: int) -> Sequence[LoadImage]:
    """Returns pictures evenly spaced over a list: the first might all be of one species."""
    count = min(most, len(loads))
    return [loads[place * len(loads) // count] for place in range(count)]


def _write(
    context: Context[AuditConfig], number: int, concept: Concept, loads: Sequence[LoadImage]
) -> None:
    rows: list[dict[str, Any]] = []
    images = []
    for place, load in enumerate(loads):
        row: dict[str, Any] = {"id": concept.id, "name": concept.name, "picture": place}
        try:
            images.append(load())
        except InputError as error:
            row["skipped"] = str(error)
        rows.append(row)
    arrays = {}
    if images:
        embedded = encode_images(context.encoder, images, context.config.batch_size)
        arrays["embeddings"] = embedded.cpu().numpy()
    context.results.table(POOL).write(number, rows, arrays)


def _read(
    context: Context[AuditConfig],
    concepts: Sequence[Concept],
    chosen: Sequence[Sequence[LoadImage]],
) -> Pool:
    table = context.results.table(POOL)
    kept: list[Concept] = []
    owners: list[int] = []
    loads: list[LoadImage] = []
    embeddings: list[NDArray[np.float32]] = []
    for number, concept in enumerate(concepts):
        rows = table.table(number).to_pylist()
        readable = [row["picture"] for row in rows if row.get("skipped") is None]
        if readable:
            owners += [len(kept)] * len(readable)
            loads += [chosen[number][place] for place in readable]
            embeddings.append(table.arrays(number)["embeddings"])
            kept.append(concept)
    stacked = torch.from_numpy(np.concatenate(embeddings) if embeddings else np.zeros((0, 0)))
    return Pool(tuple(kept), np.asarray(owners, np.intp), tuple(loads), stacked.to(context.device))
