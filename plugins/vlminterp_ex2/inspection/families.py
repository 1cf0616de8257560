"""Families: the topics by which parts of a description are sorted."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

NEUTRAL = "neutral"
"""The family of a clause that belongs to no family: at most it names the concept."""


@dataclass(frozen=True)
class Family:
    """One topic that a description can have.

    Attributes:
        name: Lower-case name, also used in column names.
        says: Phrase for what a VLM likes to hear that prefers this family.
        question: Explanation of the family for a judge; empty if no judge is asked about it.
        visual: Whether it is about the looks of the thing itself.
        informative: Whether it adds to what one knows.
    """

    name: str
    says: str
    question: str = ""
    visual: bool = False
    informative: bool = True


@dataclass(frozen=True)
class Families:
    """All families by which descriptions are sorted.

    Attributes:
        all: All families, in the order in which pages show them.
    """

    all: tuple[Family, ...]

    @classmethod
    def read(cls, summary: Mapping[str, Any]) -> "Families | None":
        """Returns the families of a finished run.

        Args:
            summary: The run's summary. Gives None if it was written before summaries held families.
        """
        told = summary.get("families")
        return None if told is None else cls(tuple(Family(**one) for one in told))

    def plain(self) -> list[dict[str, Any]]:
        """Returns the families as plain data, the form in which `read` finds them in a summary."""
        return [asdict(family) for family in self.all]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all families."""
        return tuple(family.name for family in self.all)

    @property
    def informative(self) -> tuple[str, ...]:
        """Names of those that add to what one knows, the only ones that a judge is asked about."""
        return tuple(family.name for family in self.all if family.informative)

    @property
    def uninformative(self) -> tuple[str, ...]:
        """Names of the others, such as boilerplate."""
        return tuple(family.name for family in self.all if not family.informative)

    @property
    def visual(self) -> tuple[str, ...]:
        """Names of those about the looks of the thing itself."""
        return tuple(family.name for family in self.all if family.visual)

    def says(self, name: str) -> str:
        """Returns the phrase for what a VLM likes to hear that prefers a family."""
        return next(family.says for family in self.all if family.name == name)

    def are_informative(self, found: Collection[str]) -> bool:
        """Returns whether anything in a description adds to what one knows.

        Args:
            found: The families of the description's clauses.
        """
        return not set(found).isdisjoint(self.informative)

    def are_visual(self, found: Collection[str]) -> bool | None:
        """Tells whether an informative description is about looks; None for an uninformative one.

        Args:
            found: The families of the description's clauses.
        """
        return not set(found).isdisjoint(self.visual) if self.are_informative(found) else None
