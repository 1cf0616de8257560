"""Ranks the words and phrases that a VLM loves most, of any family or none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlminterp_ex2.inspection.words import NAME, words_of

LONGEST = 4
"""Highest number of words in a phrase."""
FEWEST = 3
"""Concepts that must be described by a phrase: one alone doesn't show a taste."""


@dataclass(frozen=True)
class Loved:
    """A word or phrase and its worth.

    Attributes:
        phrase: Its words in lower case.
        loss: Mean over concepts of the score lost without the phrase: the sum of what is lost when
            each of its words is left out alone; cosine.
        concepts: Number of concepts in whose descriptions it stands.
    """

    phrase: str
    loss: float
    concepts: int


def loved(rows: Sequence[Mapping[str, Any]], fewest: int = FEWEST) -> list[Loved]:
    """Ranks all words and phrases of the descriptions that were taken apart word by word.

    Args:
        rows: Rows of the table `inspect`.
        fewest: Number of concepts whose descriptions must have the phrase, ≥ 1.

    Returns:
        The most loved first. A phrase worth no more than a part of it is left out, and so is the
        concept's name.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for phrase, loss in _phrases(row):
            found.setdefault(phrase, {}).setdefault(row["concept"], []).append(loss)
    ranked = [
        Loved(phrase, _mean([_mean(losses) for losses in own.values()]), len(own))
        for phrase, own in found.items()
        if len(own) >= fewest
    ]
    ranked.sort(key=lambda one: (-one.loss, one.phrase))
    worth = {one.phrase: one.loss for one in ranked}
    return [one for one in ranked if one.loss > 0 and not _has_better_part(one, worth)]


def _phrases(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yields all phrases of one description, with the sum of their words' losses."""
    losses = {word["start"]: word["loss"] for word in row["words"]}
    words = [word for word in words_of(row["text"], row["name"]) if word.start in losses]
    for start in range(len(words)):
        for stop in range(start + 1, min(start + LONGEST, len(words)) + 1):
            last = words[stop - 1]
            before = words[stop - 2] if stop - start > 1 else None
            if last.lemma == NAME or (before and row["text"][before.stop : last.start].strip()):
                break  # no phrase goes on over the name, or over a comma
            own = words[start:stop]
            if losses[own[0].start] <= 0 or losses[last.start] <= 0:
                continue  # "in deep snow" is worth what "deep snow" is
            yield " ".join(w.text.lower() for w in own), sum(losses[w.start] for w in own)


def _has_better_part(one: Loved, worth: Mapping[str, float]) -> bool:
    words = one.phrase.split()
    parts = (" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1))
    return any(part != one.phrase and worth.get(part, -1.0) >= one.loss for part in parts)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
