"""Descriptions cut into clauses, and what other concepts' descriptions lend them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vlminterp_ex2.inspection.ablation import renamed, with_and_without, with_other
from vlminterp_ex2.inspection.families import FAMILIES
from vlminterp_ex2.inspection.lexicon import Clause

SWAPS = 2
"""Other concepts' words that stand in the place of a description's own, for each family in it."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """A description and its clauses.

    Attributes:
        row: Of the table `describe`.
        concept: The concept's number.
        clauses: In order; none if the description is empty.
    """

    row: Row
    concept: int
    clauses: list[Clause]

    @property
    def text(self) -> str:
        """The description."""
        return str(self.row["text"])

    @property
    def name(self) -> str:
        """The concept's."""
        return str(self.row["name"])

    def families(self) -> list[str]:
        """The families of its clauses, each once, in the order of `FAMILIES`."""
        found = {clause.family for clause in self.clauses}
        return [family for family in FAMILIES if family in found]

    def part(self, family: str) -> str:
        """What it says in one family."""
        own = [self.text[c.start : c.stop] for c in self.clauses if c.family == family]
        return " ".join(part.strip() for part in own)


@dataclass(frozen=True)
class Comparison:
    """Two texts whose scores differ by what words of a family are worth.

    Attributes:
        kind: `presence` or `content`.
        family: Whose words.
        kept: The text with them.
        changed: The text without them, or with another concept's.
    """

    kind: str
    family: str
    kept: str
    changed: str


class Lenders:
    """All that is said in each family of each concept.

    Args:
        said: All descriptions of a run.
    """

    def __init__(self, said: Sequence[Said]) -> None:
        found: dict[str, dict[int, dict[str, str]]] = {family: {} for family in FAMILIES}
        for one in said:
            for family in one.families():
                found[family].setdefault(one.concept, {})[one.part(family)] = one.name
        self._parts = {
            family: {concept: list(parts.items()) for concept, parts in sorted(own.items())}
            for family, own in found.items()
        }

    def lend(self, one: Said, family: str, rng: np.random.Generator) -> list[str]:
        """Other concepts' words of a family, renamed: concepts are drawn first, then their words.

        Args:
            one: For whom; what is also said of its own concept is not lent.
            family: Which.
            rng: Draws.

        Returns:
            At most `SWAPS`, each from another concept.
        """
        own = {part for part, _ in self._parts[family].get(one.concept, [])}
        others = [concept for concept in self._parts[family] if concept != one.concept]
        lent: list[str] = []
        for place in rng.permutation(len(others)).tolist():
            if len(lent) == SWAPS:
                break
            parts = self._parts[family][others[place]]
            part, name = parts[int(rng.integers(len(parts)))]
            words = renamed(part, name, one.name)
            if words not in own:
                lent.append(words)
        return lent


def comparisons(one: Said, lenders: Lenders, rng: np.random.Generator) -> Iterator[Comparison]:
    """All that is to be compared about one description.

    Args:
        one: The description.
        lenders: Give other concepts' words.
        rng: Draws among them.
    """
    for family in one.families():
        kept, left = with_and_without(one.text, one.clauses, family, one.name)
        yield Comparison("presence", family, kept, left)
        for words in lenders.lend(one, family, rng):
            changed = with_other(one.text, one.clauses, family, words)
            yield Comparison("content", family, one.text, changed)
