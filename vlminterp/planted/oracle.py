"""Finds what a VLM truly likes to hear of the planted world, by scoring all descriptions.

The grammar's descriptions can be enumerated, so the best one found is the best there is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.bank import NEUTRAL, Bank, BankRow
from vlminterp.description.class_means import ClassMeans, class_means
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.description.measure import Measured, measure, texts_to_score
from vlminterp.planted.descriptions import PlantedClause, write
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.wordings import THINGS

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class LikedText:
    """One of a concept's descriptions that a VLM scores highest."""

    text: str
    family: str
    score: float


@dataclass(frozen=True)
class OracleResult:
    """The scores of all descriptions of all concepts.

    Attributes:
        bank: The descriptions.
        classes: Mean images of the concepts.
        measured: Scores of `bank.said` and gains, by name of the score, `own` or `contrastive`.
        texts: Number of texts scored, counterparts included.
        seconds: Time to score them, images not included.
    """

    bank: Bank
    classes: ClassMeans
    measured: dict[str, Measured]
    texts: int
    seconds: float

    @property
    def texts_per_second(self) -> float:
        """Speed of scoring, in texts per second."""
        return self.texts / self.seconds

    def best(self, concept: str, n: int = 5, score: str = "own") -> list[LikedText]:
        """Returns a concept's descriptions with the highest scores.

        Args:
            concept: The concept's name.
            n: Number of descriptions.
            score: `own` or `contrastive`.
        """
        about = self.classes.names.index(concept)
        values = self.measured[score].scores
        own = [row for row, said in enumerate(self.bank.said) if said.about == about]
        chosen = sorted(own, key=lambda row: -values[row])[:n]
        said = self.bank.said
        return [LikedText(said[i].text, said[i].family, float(values[i])) for i in chosen]

    def distribution(self, score: str = "own") -> dict[str, NDArray[np.float64]]:
        """Returns quantiles of the scores of each family's descriptions, over all concepts.

        Args:
            score: `own` or `contrastive`.

        Returns:
            `QUANTILES` of the scores by family; those of neutral descriptions are under "".
        """
        of = np.asarray([said.family for said in self.bank.said])
        values = self.measured[score].scores
        families = (NEUTRAL, *self.bank.families)
        return {family: np.quantile(values[of == family], QUANTILES) for family in families}


def planted_rows(openings: Sequence[str] | None = None, *, held_out: bool = False) -> list[BankRow]:
    """Returns all descriptions of `vlminterp.planted.descriptions` as rows of a bank.

    Args:
        openings: Wordings of `THINGS` to begin with, also used as frames; None for all.
        held_out: Whether to use the wordings that no model is trained on, or the others.
    """
    frames = openings or (THINGS.held_out if held_out else THINGS.training)
    concepts = load_facts().concepts.values()
    return [row for concept in concepts for row in _rows(concept, frames, held_out=held_out)]


def held_out_classes(
    encoder: DualEncoder, images: int = 16, cache: EmbeddingCache | None = None
) -> ClassMeans:
    """Returns concepts' class means over scenes that neither training nor reward has seen.

    Args:
        encoder: The VLM.
        images: Scenes of each concept, ≥ 1.
        cache: Cache of embeddings; None computes all.
    """
    concepts = list(PlantedSource(PlantedConfig(images=images)).concepts())
    return class_means(encoder, concepts, held_out=True, cache=cache)


def oracle(
    encoder: DualEncoder,
    *,
    held_out: bool = False,
    openings: Sequence[str] | None = None,
    classes: ClassMeans | None = None,
    others: int = 1,
    batch_size: int = 128,
    on_advance: Callable[[int, int], None] | None = None,
) -> OracleResult:
    """Scores everything that the grammar can say, on scenes that no model was trained on.

    Args:
        encoder: Any VLM.
        held_out: Whether to use the wordings that no model is trained on (8,160 descriptions), or
            the others (37,520).
        openings: Wordings of `THINGS` to begin with; None for all. Fewer are faster.
        classes: Class means of the concepts; None computes `held_out_classes`.
        others: Number of other concepts that each description's counterparts come from, ≥ 1; see
            `Bank.swapped`.
        batch_size: Texts at once.
        on_advance: Called after each batch with its number of texts and the total number.

    Returns:
        Scores, gains, and the time they took.
    """
    classes = classes or held_out_classes(encoder)
    bank = Bank(planted_rows(openings, held_out=held_out), classes.ids, classes.names)
    swapped = bank.swapped(others)
    total = texts_to_score(bank, swapped)

    def advance(texts: int) -> None:
        if on_advance:
            on_advance(texts, total)

    began = time.perf_counter()
    measured = measure(encoder, bank, swapped, classes, batch_size, advance)
    return OracleResult(bank, classes, measured, total, time.perf_counter() - began)


def _rows(concept: ConceptFacts, frames: Sequence[str], *, held_out: bool) -> Iterator[BankRow]:
    said = [
        PlantedClause(family, text)
        for family in FAMILIES
        for text in clauses(concept, family, held_out=held_out)
    ]
    for frame in frames:
        first = frame.startswith("{things}")
        opening = frame.format(things="{Concept}" if first else "{concept}")
        yield BankRow(concept.name, NEUTRAL, write(concept.name, opening).text, frame)
        for clause in said:
            text = write(concept.name, opening, [clause]).text
            yield BankRow(concept.name, clause.family, text, frame)
