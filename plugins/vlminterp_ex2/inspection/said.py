"""Descriptions cut into clauses, what they lend each other, and what is compared about them."""

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

PRESENCE, DELETION, CONTENT = KINDS = ("presence", "deletion", "content")
"""A family's words against a neutral phrase of like length, nothing, and another concept's."""
SWAPS = 2
"""Other concepts' words that stand in the place of a description's own, for each family in it."""
FARTHER = 3
"""By how many words a concept's name may be moved by other words before it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Description:
    """A description and its clauses.

    Attributes:
        row: Of the table `describe`.
        concept: The concept's number.
        clauses: In order; none if the description is empty.
        seeds: By which the clauses were told apart.
        other: Those of them that say something of no family.
    """

    row: Row
    concept: int
    clauses: list[Clause]
    seeds: Seeds = field(default_factory=load_seeds)
    other: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The description."""
        return str(self.row["text"])

    @property
    def name(self) -> str:
        """The concept's."""
        return str(self.row["name"])

    def families(self) -> list[str]:
        """The families of its clauses, each once, in the seeds' order."""
        found = {clause.family for clause in self.clauses}
        return [family for family in self.seeds.families.names if family in found]

    @cached_property
    def holes(self) -> dict[str, list[Hole]]:
        """By family, where its words can be exchanged; a family without any is left out."""
        found: dict[str, list[Hole]] = {}
        holes = find_holes(self.text, self.clauses, self.name, self.seeds)
        for clause, hole in zip(self.clauses, holes, strict=True):
            if hole and clause.family in self.seeds.families.names:
                found.setdefault(clause.family, []).append(hole)
        return found


@dataclass(frozen=True)
class Comparison:
    """Two texts whose scores differ by what words of a family are worth.

    Attributes:
        kind: One of `KINDS`.
        family: Whose words.
        kept: The text with them.
        changed: The text without them, or with others.
    """

    kind: str
    family: str
    kept: str
    changed: str


Words = tuple[str, ...]


class ClausePool:
    """All that is said in each family of each concept, by what place in a sentence it fits.

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
        """Other concepts' words of a family, of about the length of a description's own.

        Args:
            one: For whom; what is also said of its own concept is not lent.
            family: Which.
            rng: Draws the concepts, then their words.

        Yields:
            For each hole of the family, words for each of its slots; all from one concept.
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
    """All that is to be compared about one description.

    Args:
        one: The description.
        lenders: Give other concepts' words.
        rng: Draws among them.

    Yields:
        Comparisons in which both texts name the concept equally often and in the same place. A
        family of whose words that can't be said gets none.
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
    """With and without; where nothing else is said, both texts name the concept first."""
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
    """Whether words name any concept, which would be more than their family's."""
    said = " ".join(words)
    return any(places(said, name) for name in names if name.split()[0].lower()[:3] in said.lower())


def _length(words: Words) -> int:
    return sum(len(part.split()) for part in words)


def _is_like(one: int, other: int) -> bool:
    """Whether two phrases are about as long."""
    return abs(one - other) <= max(1, other // 3)
