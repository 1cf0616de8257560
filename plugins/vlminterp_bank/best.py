"""The descriptions of each concept that a VLM likes best."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from vlminterp.data.images import read_image
from vlminterp.description.bank import NEUTRAL
from vlminterp.errors import InputError
from vlminterp.report.cards import data_uri
from vlminterp.results.run_folder import RunFolder
from vlminterp_bank.outcome import CONCEPTS

if TYPE_CHECKING:
    import pandas as pd

SHOWN, CARDS = 3, 60


@dataclass(frozen=True)
class Told:
    """A description, split where it begins to differ from the neutral one of its frame."""

    opening: str
    rest: str
    family: str
    score: float


@dataclass(frozen=True)
class ConceptCard:
    """A concept with its picture as a data URI, if there is one, and its best descriptions."""

    name: str
    picture: str | None
    told: list[Told]


@dataclass(frozen=True)
class BestDescriptions:
    """The best descriptions of every concept.

    Attributes:
        cards: Cards of the first concepts, in the data's order.
        concepts: Number of concepts that have descriptions.
        families: Number of concepts whose best description is of each family, most first.
    """

    cards: list[ConceptCard]
    concepts: int
    families: list[tuple[str, int]]


def best_of_each(folder: RunFolder, rows: "pd.DataFrame", score: str) -> BestDescriptions:
    """Picks the best descriptions of every concept.

    Args:
        folder: The run's folder.
        rows: Rows of its main table, all or some.
        score: The column to judge by.
    """
    ranked = rows.sort_values(score, ascending=False, kind="stable")
    neutral = rows[rows["family"] == NEUTRAL].drop_duplicates(["concept", "frame"])
    openings = dict(
        zip(zip(neutral["concept"], neutral["frame"], strict=True), neutral["text"], strict=True)
    )
    groups = {
        concept: group.head(SHOWN) for concept, group in ranked.groupby("concept", sort=False)
    }
    counted = Counter(group["family"].iloc[0] for group in groups.values())
    concepts = [
        c for c in folder.table(CONCEPTS).rows().to_dict("records") if c["concept"] in groups
    ]
    return BestDescriptions(
        cards=[
            ConceptCard(
                concept["name"],
                _picture(folder, concept),
                [
                    _told(row, openings, score)
                    for row in groups[concept["concept"]].to_dict("records")
                ],
            )
            for concept in concepts[:CARDS]
        ],
        concepts=len(groups),
        families=counted.most_common(),
    )


def _told(row: Mapping[Any, Any], openings: dict[tuple[str, str], str], score: str) -> Told:
    neutral, text = openings.get((row["concept"], row["frame"]), ""), row["text"]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(neutral, text, strict=False))
    shared = sum(1 for _ in alike)
    return Told(text[:shared], text[shared:], row["family"], row[score])


def _picture(folder: RunFolder, concept: Mapping[Any, Any]) -> str | None:
    try:
        return data_uri(read_image(folder.path / concept["picture"]))
    except (InputError, TypeError):  # the picture was lost, or could never be read
        return None
