"""Passports as a page shows them: one word, a number, reasons, and the order of what is shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from markupsafe import Markup

from vlminterp.attribution.passport.split import Split, in_words, summed
from vlminterp.attribution.passport.verdict import DOUBT, NOTHING, TRUST
from vlminterp.drawing.numbers import decimals
from vlminterp.report.tables import table

SENTENCES = {
    "gain": "The picture scores {} more than a picture of one colour.",
    "left": "Without the hottest quarter of the map, it still scores {} more.",
    "foresight": "The heat of random quarters and their scores alone correlate at {}.",
    "wording": "The caption scores {} more than anagrams of it.",
}
"""A sentence for each feature."""
UNIT = "Scores are cosines times the model's own scale."
LEAD = "Calibrated on the planted world; on real VLMs it is a lead."
ORDER = (DOUBT, TRUST, NOTHING)
"""The order of a page: what needs a reader's own eyes comes first."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Stamp:
    """A passport, ready to be shown.

    Attributes:
        word: `trust`, `doubt` or `nothing there`.
        probability: The probability that the map's heat lies on what causes the score; with
            `nothing there`, that nothing in the picture answers the caption.
        why: The reasons, in whole sentences.
    """

    word: str
    probability: float
    why: str


def stamp(row: Mapping[str, Any]) -> Stamp | None:
    """Returns the passport of a row; None if the run wrote none."""
    if "passport" not in row:
        return None
    word = str(row["passport"])
    probability = float(row["nothing" if word == NOTHING else "trust"])
    what = (
        "nothing in the picture answers the caption"
        if word == NOTHING
        else ("the heat lies on what causes the score")
    )
    said = [sentence.format(decimals(row[name], 2)) for name, sentence in SENTENCES.items()]
    why = " ".join([f"Probability that {what}: {decimals(probability, 2)}.", *said, UNIT, LEAD])
    return Stamp(word, probability, why)


@dataclass(frozen=True)
class OneWord(Generic[Entry]):
    """The entries that a page shows under one word.

    Attributes:
        word: The word; empty where there is no passport.
        entries: The entries, the least sure first.
    """

    word: str
    entries: list[Entry]

    @property
    def anchor(self) -> str:
        """The heading's id on the page."""
        return f"maps-{self.word.replace(' ', '-')}"


def grouped(
    entries: Iterable[Entry], stamps: Callable[[Entry], Sequence[Stamp]]
) -> list[OneWord[Entry]]:
    """Sorts what a page shows: the doubtful first, and in each group the least sure first.

    Args:
        entries: Pairs or cards.
        stamps: Tells the passports of an entry's maps; several maps are as sure as the least sure.

    Returns:
        The groups that have entries, those without a passport last. Without any passport the order
        stays as it is.
    """
    worst = [(entry, min(stamps(entry), key=_place, default=None)) for entry in entries]
    worst.sort(key=lambda pair: _place(pair[1]) if pair[1] else (len(ORDER), 0.0))
    groups: dict[str, list[Entry]] = {}
    for entry, least in worst:
        groups.setdefault(least.word if least else "", []).append(entry)
    return [OneWord(word, own) for word, own in groups.items()]


def split_counts(splits: Mapping[str, Split]) -> dict[str, str]:
    """Returns the header's fact on a run's passports, by its name; empty without any."""
    return {"passports": in_words(summed(splits))} if splits else {}


def split_table(splits: Mapping[str, Split]) -> Markup:
    """Writes how many maps of each method have each word; empty for fewer than two methods."""
    if len(splits) < 2:
        return Markup("")
    rows = [[method, *(split[word] for word in ORDER)] for method, split in splits.items()]
    return table(["Maps by passport", *ORDER], rows)


def _place(stamp: Stamp) -> tuple[int, float]:
    return ORDER.index(stamp.word), stamp.probability
