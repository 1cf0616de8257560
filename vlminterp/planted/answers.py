"""Asks a VLM which concept is in a scene: the one whose full true caption fits best."""

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.embed import encode_texts
from vlminterp.planted.descriptions import PlantedClause, openings, write
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.families import clauses, wordings_of

CAPTION_SETS = 12
"""Number of caption sets, each worded in its own way; scenes take turns."""


def full_captions(family: str | None, number: int, *, held_out: bool = True) -> list[str]:
    """Returns one full true caption for each concept, all worded alike.

    Args:
        family: Family whose true words follow the name; None for the name alone.
        number: Index of the set, ≥ 0, which determines opening and wording.
        held_out: Whether to use the wordings that no model is trained on, or the others.
    """
    return [
        _caption(concept, family, number, held_out=held_out)
        for concept in load_facts().concepts.values()
    ]


def answers(encoder: DualEncoder, images: Tensor, family: str | None) -> list[ConceptFacts]:
    """Returns for each image the concept whose full caption fits best.

    Args:
        encoder: The VLM.
        images: Unit embeddings, `[B, D]`; image i is asked with caption set i mod `CAPTION_SETS`.
        family: Family whose true words follow the name in the captions; None for the name alone.
    """
    concepts = list(load_facts().concepts.values())
    texts = [text for number in range(CAPTION_SETS) for text in full_captions(family, number)]
    sets = encode_texts(encoder, texts).reshape(CAPTION_SETS, len(concepts), -1)
    turns = torch.arange(len(images), device=images.device) % CAPTION_SETS
    best = torch.einsum("bd,bkd->bk", images, sets[turns]).argmax(1)
    return [concepts[k] for k in best.tolist()]


def _caption(concept: ConceptFacts, family: str | None, number: int, *, held_out: bool) -> str:
    worded = openings(concept.name, held_out=held_out)
    opening = worded[number % len(worded)]
    if family is None:
        return write(concept.name, opening).text
    wordings = wordings_of(concept, family)
    count = len(wordings.held_out if held_out else wordings.training)
    said = clauses(concept, family, held_out=held_out)
    # A wording may be filled in several ways (the names of a place).
    ways = len(said) // count
    clause = said[number % count * ways + number // count % ways]
    return write(concept.name, opening, [PlantedClause(family, clause)]).text
