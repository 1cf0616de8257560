"""Descriptions of concepts: an opening that names the concept, then clauses about it.

"This is an owl. It hunts at night.": the opening is neutral, each clause is of one family.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vlminterp.data.concepts import article
from vlminterp.planted.facts import ConceptFacts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.wordings import THINGS

Span = tuple[int, int]


@dataclass(frozen=True)
class PlantedClause:
    """A statement that belongs to one family.

    Attributes:
        family: One of `FAMILIES`.
        text: The words, lower case, without a full stop.
    """

    family: str
    text: str


@dataclass(frozen=True)
class PlantedDescription:
    """A description and the truth about its words.

    Attributes:
        text: Whole sentences.
        concept: Name of the described concept.
        families: The clauses' families, in order; empty for a neutral description.
        spans: Span of each clause in `text`, its full stop included.
    """

    text: str
    concept: str
    families: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


def openings(name: str, *, held_out: bool = False) -> list[str]:
    """Returns all openings that name a concept, in lower case and without a full stop."""
    named = f"{article(name)} {name}"
    wordings = THINGS.held_out if held_out else THINGS.training
    return [wording.format(things=named) for wording in wordings]


def write(concept: str, opening: str, said: Sequence[PlantedClause] = ()) -> PlantedDescription:
    """Joins an opening and clauses into a description.

    Example:
        >>> found = write("owl", "this is an owl", [PlantedClause("diet", "it eats mice")])
        >>> found.text, found.families, found.spans
        ('This is an owl. It eats mice.', ('diet',), ((16, 29),))
    """
    text = _sentence(opening)
    spans = []
    for clause in said:
        sentence = _sentence(clause.text)
        spans.append((len(text) + 1, len(text) + 1 + len(sentence)))
        text += f" {sentence}"
    return PlantedDescription(text, concept, tuple(clause.family for clause in said), tuple(spans))


def descriptions(
    concept: ConceptFacts, families: Sequence[str] = FAMILIES, *, held_out: bool = False
) -> Iterator[PlantedDescription]:
    """Yields every description of a concept that the grammar can write in at most one clause.

    Args:
        concept: The concept to describe.
        families: Families of the clauses.
        held_out: Whether to use the wordings that no model is trained on, or the others.

    Yields:
        For each opening, the neutral description, then one with each clause.
    """
    said = [
        PlantedClause(family, text)
        for family in families
        for text in clauses(concept, family, held_out=held_out)
    ]
    for opening in openings(concept.name, held_out=held_out):
        yield write(concept.name, opening)
        for clause in said:
            yield write(concept.name, opening, [clause])


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."
