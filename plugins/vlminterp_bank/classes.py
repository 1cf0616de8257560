"""The concepts' pictures, embedded part by part: a killed run loses one concept's at most."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vlminterp.data.concepts import Concept, LoadImage
from vlminterp.description.class_means import ClassMeans, class_means
from vlminterp.errors import InputError
from vlminterp.plugin import Context
from vlminterp.results.run_folder import RunFolder
from vlminterp_bank.outcome import CONCEPTS

PICTURES, PICTURE_SIDE = 60, 160
"""The most concepts with a picture on the page, and a picture's longer side in pixels."""


class Classes(NamedTuple):
    """The concepts, and the mean unit embedding of each one's pictures, `[K, D]`."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    means: Tensor


def embedded(context: Context[Any], concepts: Sequence[Concept], fewest: int) -> Classes:
    """Embeds the pictures, each concept's in a part; parts of an earlier, killed run are read.

    Where a concept has held-out pictures, these are taken, so that EX2's findings can be checked on
    pictures that it has not seen. Concepts without a readable picture are left out, and counted.

    Args:
        context: The run's context.
        concepts: Concepts of the source.
        fewest: Number of concepts that must have a readable picture, ≥ 1.

    Raises:
        InputError: Fewer concepts have one.
    """
    table = context.results.table(CONCEPTS)
    sizes = [len(_pictures(concept)) for concept in concepts]
    done = sum(size for number, size in enumerate(sizes) if number in table)
    with context.progress.track("embedding", sum(sizes), done, "pictures") as stage:
        for number in context.results.unmade(range(len(concepts)), CONCEPTS):
            concept = concepts[number]
            found = class_means(
                context.encoder,
                [concept],
                held_out=bool(concept.held_out),
                fewest=0,
                on_advance=stage.advance,
            )
            _write(context.results, number, concept, found)
    parts = ((place, table.arrays(place)) for place in range(len(concepts)))
    means = {place: arrays["mean"] for place, arrays in parts if arrays}
    if len(means) < fewest:
        lost = next(concept for place, concept in enumerate(concepts) if place not in means)
        raise InputError(
            f"{len(means)} of {len(concepts)} concepts have a picture that can be read, and "
            f"{fewest} must; the first without: {lost.id}"
        )
    return Classes(
        tuple(concepts[place].id for place in means),
        tuple(concepts[place].name for place in means),
        torch.from_numpy(np.stack(list(means.values()))).to(context.device),
    )


def _write(results: RunFolder, number: int, concept: Concept, found: ClassMeans) -> None:
    """Writes a concept's part; a concept that is left out only has rows for its skips."""
    rows: list[dict[str, Any]] = [
        {"id": skip.concept, "skipped": skip.reason} for skip in found.skipped
    ]
    if len(found):
        own = {
            "concept": concept.id,
            "name": concept.name,
            "pictures": found.counts[0],
            "held_out": bool(concept.held_out),
            "picture": _save_picture(results, concept) if number < PICTURES else None,
        }
        rows.insert(0, own)
    means = {"mean": found.means[0].cpu().numpy()} if len(found) else {}
    results.table(CONCEPTS).write(number, rows, means)


def _save_picture(results: RunFolder, concept: Concept) -> str | None:
    """Saves a concept's first readable picture, made small, for the page; None if it has none."""
    for load in _pictures(concept):
        try:
            picture = load()
        except InputError:
            continue
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        return results.save_picture(concept.id, picture)
    return None


def _pictures(concept: Concept) -> Sequence[LoadImage]:
    return concept.held_out or concept.images
