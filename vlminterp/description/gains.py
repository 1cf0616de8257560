"""Gains: how much a family's words add to a description's score, by presence and content.

*Presence*: a description with the family's true words, compared with the neutral one. *Content*:
the same, compared with another concept's words of that family. A VLM that likes boilerplate shows
only the first; one that has learnt what the words mean shows both. Letters: C concepts, F families.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlminterp.description.bank import NEUTRAL, Statement, Swapped
from vlminterp.metrics.intervals import Interval, mean_interval

GAINS = "gains"
"""Name of the table of each concept's gains, by which sweeps compare VLMs."""


@dataclass(frozen=True)
class Gains:
    """The gains of one kind, for every family.

    Attributes:
        families: Names of the columns.
        per_concept: Mean gain over a concept's descriptions, float64 `[C, F]`; NaN where the bank
            has no description with a gain.
    """

    families: tuple[str, ...]
    per_concept: NDArray[np.float64]

    def of(self, family: str) -> NDArray[np.float64]:
        """Returns a family's gain for each concept, `[C]`."""
        return self.per_concept[:, self.families.index(family)]

    def less(self, other: "Gains") -> "Gains":
        """Returns these gains minus others of the same families."""
        return Gains(self.families, self.per_concept - other.per_concept)

    def intervals(self) -> dict[str, Interval]:
        """Returns each family's mean gain and its 95 % interval over concepts.

        All of a concept's descriptions count as one, since they aren't independent. A family
        without any gain (boilerplate has no content) is left out.
        """
        found = {family: mean_interval(self.of(family)) for family in self.families}
        return {family: interval for family, interval in found.items() if interval.n}

    def ranking(self) -> list[str]:
        """Returns families by mean gain, largest first; those without any are left out."""
        intervals = self.intervals()
        return sorted(intervals, key=lambda family: -intervals[family].mean)


def presence_gains(
    said: Sequence[Statement], scores: ArrayLike, families: Sequence[str], concepts: int
) -> Gains:
    """Returns the gains of true words over none.

    Args:
        said: Descriptions, each with a neutral one in its frame, or without a frame.
        scores: Scores of `said`, in that order.
        families: Names of the families, in the order of the columns.
        concepts: Number of concepts.

    Returns:
        The gains; each description is compared with the mean of its concept's neutral ones in the
        same frame, or with the mean of all if it has no frame.
    """
    values = np.asarray(scores, np.float64)
    neutral: dict[tuple[int, str | None], list[float]] = {}
    for one, score in zip(said, values, strict=True):
        if one.family == NEUTRAL:
            neutral.setdefault((one.about, one.frame), []).append(float(score))
            neutral.setdefault((one.about, None), []).append(float(score))
    base = {key: float(np.mean(found)) for key, found in neutral.items()}
    differences = [
        np.nan if one.family == NEUTRAL else score - base[one.about, one.frame or None]
        for one, score in zip(said, values, strict=True)
    ]
    return _averaged(said, np.asarray(differences), families, concepts)


def content_gains(
    said: Sequence[Statement],
    scores: ArrayLike,
    swapped: Sequence[Swapped],
    swapped_scores: ArrayLike,
    families: Sequence[str],
    concepts: int,
) -> Gains:
    """Returns the gains of true words over another concept's words of the same family.

    Args:
        said: The descriptions.
        scores: Scores of `said`, in that order.
        swapped: Counterparts of the descriptions, from `Bank.swapped`.
        swapped_scores: Scores of `swapped`, in that order.
        families: Names of the families, in the order of the columns.
        concepts: Number of concepts.

    Returns:
        The gains; each description is compared with the mean of its counterparts, and does not
        count if it has none.
    """
    rows = np.asarray([swap.row for swap in swapped], np.intp)
    counts = np.bincount(rows, minlength=len(said))
    sums = np.bincount(rows, np.asarray(swapped_scores, np.float64), minlength=len(said))
    with np.errstate(invalid="ignore"):
        differences = np.asarray(scores, np.float64) - sums / counts
    return _averaged(said, differences, families, concepts)


def gain_rows(
    concepts: Sequence[str], presence: Gains, content: Gains, shuffled: Gains | None
) -> list[dict[str, object]]:
    """Returns the rows of the table `GAINS`: one for each concept and family that has a gain.

    Args:
        concepts: Ids of the concepts.
        presence: Gains over neutral descriptions.
        content: Gains over another concept's words.
        shuffled: The gains `presence` under shuffled classes; None with one class.
    """
    kinds = {"presence": presence, "content": content, "shuffled": shuffled}
    rows: list[dict[str, object]] = []
    for place, concept in enumerate(concepts):
        for family in presence.families:
            found = {
                kind: float(gains.of(family)[place]) if gains else np.nan
                for kind, gains in kinds.items()
            }
            if not np.isnan(found["presence"]):
                numbers = {kind: None if np.isnan(v) else v for kind, v in found.items()}
                rows.append({"concept": concept, "family": family, **numbers})
    return rows


def _averaged(
    said: Sequence[Statement],
    differences: NDArray[np.float64],
    families: Sequence[str],
    concepts: int,
) -> Gains:
    columns = {family: column for column, family in enumerate(families)}
    sums = np.zeros((concepts, len(families)))
    counts = np.zeros((concepts, len(families)))
    for one, difference in zip(said, differences, strict=True):
        if one.family in columns and not np.isnan(difference):
            sums[one.about, columns[one.family]] += difference
            counts[one.about, columns[one.family]] += 1
    with np.errstate(invalid="ignore"):
        return Gains(tuple(families), sums / counts)
