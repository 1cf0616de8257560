"""The passport as a page shows it: one word, a number, and the reasons in plain English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vlminterp.attribution.passport.verdict import NOTHING
from vlminterp.drawing.numbers import decimals

SENTENCES = {
    "gain": "The picture scores {} more than a picture of one colour.",
    "left": "Without the hottest quarter of the map, it still scores {} more.",
    "foresight": "The heat of random quarters and their scores alone correlate at {}.",
    "wording": "The caption scores {} more than anagrams of it.",
}
"""A sentence for each feature."""
UNIT = "Scores are cosines times the model's own scale."
LEAD = "Calibrated on the planted world; on real VLMs it is a lead."


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
