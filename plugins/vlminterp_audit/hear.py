"""The phrases that are tried on a VLM, and what each is worth to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.bank import NEUTRAL, Bank, BankRow
from vlminterp.description.embed import encode_texts
from vlminterp.metrics.intervals import mean_interval
from vlminterp_audit.names import Names
from vlminterp_audit.pool import Pool
from vlminterp_audit.verdict import HeardPhrase

OTHERS = 8
"""Other names that a phrase is tried with."""
ENOUGH = 4
"""Other concepts from which they, and not their pictures, are the units of intervals."""


@dataclass(frozen=True)
class FamilyClause:
    """Words about a concept, without its name.

    Attributes:
        family: Their family.
        text: A sentence, or a part of one.
    """

    family: str
    text: str


@dataclass(frozen=True)
class Heard:
    """The phrases about one concept that a VLM likes to hear.

    Attributes:
        best: The best phrase of each family, best first.
        gains: Mean gain of each family's clauses on the concept's own pictures.
        elsewhere: The same on other concepts' pictures.
        alone: Embedding of each of the phrases in `best` without the name, float32 `[P, D]`.
    """

    best: list[HeardPhrase]
    gains: Mapping[str, float]
    elsewhere: Mapping[str, float]
    alone: Tensor


def clauses_of_bank(
    rows: Sequence[BankRow], ids: Sequence[str], names: Sequence[str]
) -> list[list[FamilyClause]]:
    """Returns each concept's clauses: where its descriptions differ from the neutral ones.

    Args:
        rows: The bank's rows.
        ids: Ids of the concepts.
        names: Names of the concepts.

    Raises:
        InputError: The bank and the concepts don't fit together.
    """
    bank = Bank(rows, ids, names)
    neutral: dict[tuple[int, str], str] = {}
    for said in bank.said:
        if said.family == NEUTRAL:
            neutral.setdefault((said.about, said.frame), said.text)
            neutral.setdefault((said.about, ""), said.text)
    found: list[dict[FamilyClause, None]] = [{} for _ in ids]
    for said in bank.said:
        if said.family != NEUTRAL:
            words = told(neutral[said.about, said.frame], said.text)
            found[said.about].setdefault(FamilyClause(said.family, words))
    return [list(own) for own in found]


def told(neutral: str, text: str) -> str:
    """Returns what a description tells beyond a neutral one.

    Example:
        >>> told("This is an owl.", "This is an owl. It eats mice.")
        'It eats mice.'
    """
    pairs = zip(neutral, text, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return text[shared:].strip(" ,;:–-") or text


class Listener:
    """Measures what phrases are worth.

    Args:
        encoder: The VLM.
        pool: The pictures.
        names: The concepts' names as captions.
        clauses: Each concept's clauses.
        batch_size: Texts at once, ≥ 1.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        pool: Pool,
        names: Names,
        clauses: Sequence[Sequence[FamilyClause]],
        batch_size: int,
    ) -> None:
        self._encoder = encoder
        self._pool = pool
        self._names = names
        self._clauses = clauses
        self._batch_size = batch_size
        self._means = pool.means()

    def hear(self, about: int, seed: int) -> Heard:
        """Tries clauses about a concept with its name, and the best ones also with other names.

        Args:
            about: Place of the concept.
            seed: Seed of the choice of other names.
        """
        clauses = self._clauses[about]
        if not clauses:
            return Heard([], {}, {}, self._means[:0])
        texts = [clause.text for clause in clauses]
        lift = self._captions(about, texts) - self._names.means[about]
        own = (self._pool.embeddings[self._pool.of(about)] @ lift.T).double().cpu().numpy()
        others = [k for k in range(len(self._means)) if k != about]
        elsewhere = (self._units(others) @ lift.T).double().cpu().numpy()
        families = [clause.family for clause in clauses]
        mean = own.mean(0)
        best = {family: _best(families, mean, family) for family in dict.fromkeys(families)}
        ranked = sorted(best.values(), key=lambda place: -mean[place])
        chosen = [texts[place] for place in ranked]
        rng = np.random.default_rng(seed)
        tried = rng.choice(others, min(OTHERS, len(others)), replace=False).tolist()
        transfer = self._transfer(tried, chosen)
        return Heard(
            [
                HeardPhrase(
                    families[place],
                    texts[place],
                    mean_interval(own[:, place]),
                    mean_interval(elsewhere[:, place]),
                    mean_interval(transfer[:, rank]),
                    mean_interval(self._swapped(about, families[place], tried)),
                )
                for rank, place in enumerate(ranked)
            ],
            _by_family(families, mean),
            _by_family(families, elsewhere.mean(0)),
            encode_texts(self._encoder, chosen, self._batch_size),
        )

    def _captions(self, about: int, clauses: Sequence[str]) -> Tensor:
        """Returns the mean embedding of a name's captions with each clause, `[P, D]`."""
        captions = self._names.captions[about]
        texts = [f"{caption} {clause}" for clause in clauses for caption in captions]
        found = encode_texts(self._encoder, texts, self._batch_size)
        return found.reshape(len(clauses), len(captions), -1).mean(1)

    def _swapped(self, about: int, family: str, others: Sequence[int]) -> NDArray[np.float64]:
        """Returns the gain by other concepts' words of a family, `[words]`; NaN without any."""
        own = {clause.text for clause in self._clauses[about]}
        first = (
            next((c.text for c in self._clauses[k] if c.family == family and c.text not in own), "")
            for k in others
        )
        texts = [text for text in first if text]
        if not texts:
            return np.array([np.nan])
        lift = self._captions(about, texts) - self._names.means[about]
        gains: NDArray[np.float64] = (lift @ self._means[about]).double().cpu().numpy()
        return gains

    def _transfer(self, others: Sequence[int], clauses: Sequence[str]) -> NDArray[np.float64]:
        """Returns the gain of other names by the same clauses, `[units, P]`."""
        gains = [
            self._units([k]) @ (self._captions(k, clauses) - self._names.means[k]).T for k in others
        ]
        return torch.cat(gains).double().cpu().numpy()

    def _units(self, concepts: Sequence[int]) -> Tensor:
        """Returns the embeddings that intervals count by: concepts' means, `[units, D]`.

        With few other concepts, as between two kinds of birds, no test could ever be beyond chance:
        their pictures count one by one.
        """
        if len(self._means) > ENOUGH:
            return self._means[list(concepts)]
        return self._pool.embeddings[np.concatenate([self._pool.of(k) for k in concepts])]


def _best(families: Sequence[str], gains: NDArray[np.float64], family: str) -> int:
    own = [place for place, found in enumerate(families) if found == family]
    return max(own, key=lambda place: gains[place])


def _by_family(families: Sequence[str], gains: NDArray[np.float64]) -> dict[str, float]:
    return {
        family: float(gains[[found == family for found in families]].mean())
        for family in dict.fromkeys(families)
    }
