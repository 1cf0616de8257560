"""Reads descriptions back: what each sentence says, and whether it is true.

The grammar is finite, so reading is a look-up: nothing is guessed, and a sentence that the grammar
can't write counts as unknown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from vlminterp.planted.descriptions import Span, openings, write
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses

OPENING = "opening"


@dataclass(frozen=True)
class Sentence:
    """A sentence of a description.

    Attributes:
        span: Its span in the description, its full stop included.
        says: `OPENING`, one of `FAMILIES`, or None if the grammar can't write it of any concept.
        true: Whether the grammar can write it of the described concept.
        held_out: Whether its wording is one that no model is trained on.
    """

    span: Span
    says: str | None
    true: bool = False
    held_out: bool = False


def read(text: str, concept: str) -> list[Sentence]:
    """Reads every sentence of a description.

    Args:
        text: Whole sentences; a last one without a full stop is not in the grammar.
        concept: The described concept, a name in `facts.yaml`.

    Returns:
        The sentences in order.

    Example:
        >>> [(part.says, part.true) for part in read("This is an owl. It eats nuts.", "owl")]
        [('opening', True), ('diet', False)]
    """
    return [
        _meaning(text[slice(*match.span())], concept, match.span())
        for match in re.finditer(r"[^\s.][^.]*\.?", text)
    ]


def _meaning(sentence: str, concept: str, span: Span) -> Sentence:
    for held_out in (False, True):
        found = _sentences(held_out=held_out).get(sentence)
        if found is not None:
            says, concepts = found
            return Sentence(span, says, concept in concepts, held_out)
    return Sentence(span, None)


@cache
def _sentences(*, held_out: bool) -> dict[str, tuple[str, set[str]]]:
    """Returns all sentences of the grammar, with what each says and of which concepts."""
    known: dict[str, tuple[str, set[str]]] = {}
    for name in load_facts().concepts:
        for says, text in _said(name, held_out=held_out):
            known.setdefault(write(name, text).text, (says, set()))[1].add(name)
    return known


def _said(name: str, *, held_out: bool) -> Iterator[tuple[str, str]]:
    concept = load_facts().concepts[name]
    for opening in openings(name, held_out=held_out):
        yield OPENING, opening
    for family in FAMILIES:
        for clause in clauses(concept, family, held_out=held_out):
            yield family, clause
