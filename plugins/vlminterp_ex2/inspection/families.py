"""What a part of a description can be about."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

NEUTRAL = "neutral"
"""What a clause is that has no family: at most it names the concept."""


@dataclass(frozen=True)
class Family:
    """One thing that a description can be about.

    Attributes:
        name: Lower case; names columns, too.
        says: What a VLM likes to hear that prefers it.
        question: What a judge is told that it is about; empty if no judge is asked.
        visual: Whether it is about what is seen of the thing itself.
        informative: Whether it adds to what one knows.
    """

    name: str
    says: str
    question: str = ""
    visual: bool = False
    informative: bool = True


@dataclass(frozen=True)
class Families:
    """All that descriptions are sorted by.

    Attributes:
        all: In the order in which pages show them.
    """

    all: tuple[Family, ...]

    @classmethod
    def read(cls, summary: Mapping[str, Any]) -> "Families | None":
        """Returns the families of a finished run.

        Args:
            summary: The run's. None is returned for one that was written before it told them.
        """
        told = summary.get("families")
        return None if told is None else cls(tuple(Family(**one) for one in told))

    def plain(self) -> list[dict[str, Any]]:
        """Returns what `read` finds in a summary."""
        return [asdict(family) for family in self.all]

    @property
    def names(self) -> tuple[str, ...]:
        """All."""
        return tuple(family.name for family in self.all)

    @property
    def informative(self) -> tuple[str, ...]:
        """Those that add to what one knows, which are all that a judge is asked about."""
        return tuple(family.name for family in self.all if family.informative)

    @property
    def uninformative(self) -> tuple[str, ...]:
        """The others, such as boilerplate."""
        return tuple(family.name for family in self.all if not family.informative)

    @property
    def visual(self) -> tuple[str, ...]:
        """Those about what is seen of the thing itself."""
        return tuple(family.name for family in self.all if family.visual)

    def says(self, name: str) -> str:
        """Returns what a VLM likes to hear that prefers a family."""
        return next(family.says for family in self.all if family.name == name)

    def are_informative(self, found: Collection[str]) -> bool:
        """Returns whether anything in a description adds to what one knows.

        Args:
            found: The families of its clauses.
        """
        return not set(found).isdisjoint(self.informative)

    def are_visual(self, found: Collection[str]) -> bool | None:
        """Returns whether an informative description says what is seen; None for another one.

        Args:
            found: The families of its clauses.
        """
        return not set(found).isdisjoint(self.visual) if self.are_informative(found) else None
