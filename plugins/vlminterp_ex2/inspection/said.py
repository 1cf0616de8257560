"""Cuts descriptions into clauses, swaps words between them, and pairs texts to compare."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from vlminterp_ex2.inspection.ablation import (
    balanced,
    deleted,
    edited,
    filled,
    neutral,
    neutral_words,
    places,
    same_naming,
    words_in,
)
from vlminterp_ex2.inspection.fillers import VOICES
from vlminterp_ex2.inspection.holes import Hole, find_holes
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.seeds import Seeds, load_seeds
from vlminterp_ex2.inspection.words import calls

PRESENCE, DELETION, CONTENT = KINDS = ("presence", "deletion", "content")
"""Replacements of a family's words: by a neutral phrase, by nothing, by another concept's."""
MEASURED = (*KINDS, "shuffled")
"""What is measured of each family; the last is `PRESENCE` under shuffled classes."""
SWAPS = 2
"""Number of swaps with other concepts' words, for each family in a description."""
FARTHER = 3
"""Number of words by which a replacement may move the concept's name."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Description:
    """A description and its clauses.

    Attributes:
        row: Row of the table `describe`.
        concept: The concept's number.
        clauses: Clauses in order; none if the description is empty.
        seeds: Known words, by which the clauses were sorted.
        other: Clauses that say something of no family.
    """

    row: Row
    concept: int
    clauses: list[Clause]
    seeds: Seeds = field(default_factory=load_seeds)
    other: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The description's text."""
        return str(self.row["text"])

    @property
    def name(self) -> str:
        """The concept's name."""
        return str(self.row["name"])

    def families(self) -> list[str]:
        """Returns the families of its clauses, each once, in the seeds' order."""
        found = {clause.family for clause in self.clauses}
        return [family for family in self.seeds.families.names if family in found]

    @cached_property
    def holes(self) -> dict[str, list[Hole]]:
        """Holes of exchangeable words by family; families without any are left out."""
        found: dict[str, list[Hole]] = {}
        holes = find_holes(self.text, self.clauses, self.name, self.seeds)
        for clause, hole in zip(self.clauses, holes, strict=True):
            if hole and clause.family in self.seeds.families.names:
                found.setdefault(clause.family, []).append(hole)
        return found


@dataclass(frozen=True)
class Comparison:
    """Two texts whose difference in score is the worth of a family's words.

    Attributes:
        kind: One of `KINDS`.
        family: The family whose words differ.
        kept: The text with the words.
        changed: The text without them, or with others.
    """

    kind: str
    family: str
    kept: str
    changed: str


Words = tuple[str, ...]


class ClausePool:
    """The words said in each family of each concept, by the shape of hole that they fit.

    Args:
        said: All descriptions of a run.
    """

    def __init__(self, said: Sequence[Description]) -> None:
        self._words: dict[tuple[object, ...], dict[int, list[Words]]] = {}
        names = sorted({one.name for one in said})
        for one in said:
            for family, holes in one.holes.items():
                for hole in holes:
                    own = self._words.setdefault((family, *hole.shape), {})
                    words = own.setdefault(one.concept, [])
                    lent = words_in(one.text, hole)
                    if lent not in words and not _names_any(lent, names):
                        words.append(lent)

    def lend(
        self, one: Description, family: str, rng: np.random.Generator
    ) -> Iterator[list[Words]]:
        """Yields other concepts' words of a family, about as long as a description's own.

        Args:
            one: The borrower; words that its own concept has too are not lent.
            family: Name of the family.
            rng: Random generator that draws concepts, then words.

        Yields:
            Words for each slot of each hole of the family; all from one concept.
        """
        holes = one.holes[family]
        able = [self._words.get((family, *hole.shape), {}) for hole in holes]
        others = sorted(set.intersection(*(set(words) for words in able)) - {one.concept})
        for place in rng.permutation(len(others)).tolist():
            lent = []
            for hole, words in zip(holes, able, strict=True):
                own, theirs = words.get(one.concept, ()), words[others[place]]
                length = _length(words_in(one.text, hole))
                near = [w for w in theirs if w not in own and _is_like(_length(w), length)]
                if near:
                    lent.append(near[int(rng.integers(len(near)))])
            if len(lent) == len(holes):
                yield lent


def comparisons(
    one: Description, lenders: ClausePool, rng: np.random.Generator
) -> Iterator[Comparison]:
    """Yields the comparisons of one description.

    Args:
        one: The description.
        lenders: Pool of other concepts' words.
        rng: Random generator that draws from the pool.

    Yields:
        Comparisons whose two texts name the concept equally often and in nearly the same places.
        Families for which there are no such texts have none.
    """
    for family, holes in one.holes.items():
        kept = edited(one.text, [])
        for voice in range(VOICES):
            changed = filled(one.text, holes, [neutral_words(hole, voice) for hole in holes])
            if _is_fair(kept, changed, one.name):
                yield Comparison(PRESENCE, family, kept, changed)
        yield from _deletion(one, family, kept)
        swaps = 0
        for lent in lenders.lend(one, family, rng):
            changed = filled(one.text, holes, lent)
            if swaps < SWAPS and _is_fair(kept, changed, one.name):
                swaps += 1
                yield Comparison(CONTENT, family, kept, changed)
            if swaps == SWAPS:
                break


def _deletion(one: Description, family: str, kept: str) -> Iterator[Comparison]:
    """Yields a text with and without words; if nothing else is left, both first name it."""
    left = deleted(one.text, one.holes[family], one.name)
    if left is None:
        return
    if not left:
        named = neutral(one.name)
        kept, left = f"{named} {kept}", named
    if len(places(kept, one.name)) == len(places(left, one.name)) and balanced(left):
        yield Comparison(DELETION, family, kept, left)


def _is_fair(kept: str, changed: str, name: str) -> bool:
    return (
        changed != kept
        and same_naming(kept, changed, name, FARTHER)
        and balanced(changed) == balanced(kept)
    )


def _names_any(words: Words, names: Sequence[str]) -> bool:
    """Tells whether words name any concept, which would say more than their family's words."""
    said = " ".join(words)
    begun = said.lower()  # finding a name takes long, and few phrases hold the start of one
    return any(places(said, name) for name in names if any(c[0][:3] in begun for c in calls(name)))


def _length(words: Words) -> int:
    return sum(len(part.split()) for part in words)


def _is_like(one: int, other: int) -> bool:
    """Tells whether two phrases are about equally long."""
    return abs(one - other) <= max(1, other // 3)
