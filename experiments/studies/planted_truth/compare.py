"""Compares a newly trained VLM with the one whose truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass

from experiments.studies.planted_truth.truth import Row, Triple


@dataclass(frozen=True)
class Compared:
    """One number of two trainings.

    Attributes:
        number: Name of the number.
        anew: Its value in the new training.
        known: Its value in the known training, with its interval.
    """

    number: str
    anew: float
    known: Triple

    @property
    def within(self) -> bool:
        """Whether the new number lies within the known one's interval."""
        _, low, high = self.known
        return low <= self.anew <= high


def compare(anew: Row, known: Row) -> list[Compared]:
    """Compares all gains and answers of two trainings."""
    old = dict(_numbers(known))
    return [Compared(number, triple[0], old[number]) for number, triple in _numbers(anew)]


def _numbers(row: Row) -> Iterator[tuple[str, Triple]]:
    for score, kinds in row["gains"].items():
        for kind, families in kinds.items():
            for family, triple in families.items():
                yield f"{score} {kind} gain: {family}", triple
    for share, triple in row["answers"].items():
        yield f"share: {share}", triple
