"""The third stage: what the descriptions say, and which of it the VLM's score hangs on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from vlminterp.description.class_means import ClassMeans
from vlminterp.description.embed import encode_texts
from vlminterp.description.measure import SCORES
from vlminterp.plugin import Context
from vlminterp_ex2.describe import ALIGNED, DESCRIBE
from vlminterp_ex2.inspection.ablation import neutral, renamed, with_other, without
from vlminterp_ex2.inspection.families import FAMILIES, NEUTRAL, is_informative, is_visual
from vlminterp_ex2.inspection.lexicon import Clause, Lexicon
from vlminterp_ex2.inspection.words import words_of
from vlminterp_ex2.journal import rows_of

if TYPE_CHECKING:
    from vlminterp_ex2.plugin import Config

INSPECT = "inspect"
BATCH = 256
SWAPS = 2
"""Other concepts' words that stand in the place of a description's own, for each family in it."""
WORDED = 3
"""Of each concept, so many of the aligned model's best descriptions are read word by word."""

Row = dict[str, Any]
Score = Callable[[Sequence[str], Sequence[int]], NDArray[np.float32]]


@dataclass(frozen=True)
class Said:
    """A description and its clauses.

    Attributes:
        row: Of the table `describe`.
        concept: The concept's number.
        clauses: In order; none if the description is empty.
    """

    row: Row
    concept: int
    clauses: list[Clause]

    def families(self) -> list[str]:
        """The families of its clauses, each once, in the order of `FAMILIES`."""
        found = {clause.family for clause in self.clauses}
        return [family for family in FAMILIES if family in found]

    def part(self, family: str) -> str:
        """What it says in one family."""
        text = self.row["text"]
        own = [text[c.start : c.stop] for c in self.clauses if c.family == family]
        return " ".join(part.strip() for part in own)


def inspect(context: Context, classes: ClassMeans, lexicon: Lexicon) -> list[Row]:
    """Writes the table `inspect`, or what is missing of it: a row for each description.

    Args:
        context: Of the run, whose table `describe` is whole.
        classes: The concepts' mean images.
        lexicon: Tells clauses' families.

    Returns:
        All rows: those of `describe`, with `families`, `informative`, `visual`, and for each of
        the six families `presence_…` and `content_…`: what the score (cosine) loses when its words
        are deleted, or swapped for another concept's. None where a description has none of it.
    """
    config: Config = context.config
    table = context.results.table(INSPECT)
    rows = rows_of(context.results.table(DESCRIBE))
    starts = range(0, len(rows), BATCH)
    if any(number not in table for number in range(len(starts))):
        numbers = {concept: place for place, concept in enumerate(classes.ids)}
        said = [
            Said(row, numbers[row["concept"]], lexicon.clauses(row["text"], row["name"]))
            for row in rows
        ]
        score = _scorer(context, classes, config.reward.value)
        best, others = _best(said), _others(said)
        done = sum(len(said[s : s + BATCH]) for n, s in enumerate(starts) if n in table)
        with context.progress.track("inspecting", len(rows), done, "descriptions") as stage:
            for number, start in enumerate(starts):
                if number not in table:
                    some = range(start, min(start + BATCH, len(said)))
                    rng = np.random.default_rng((context.seed, number))
                    table.write(number, _inspected(said, some, best, others, score, rng), {})
                    stage.advance(len(some))
    return rows_of(table)


def _scorer(context: Context, classes: ClassMeans, kind: str) -> Score:
    @torch.no_grad()
    def score(texts: Sequence[str], concepts: Sequence[int]) -> NDArray[np.float32]:
        embedded = encode_texts(context.encoder, texts)
        own = torch.tensor(concepts, device=embedded.device)
        values: NDArray[np.float32] = SCORES[kind](embedded, own, classes.means).cpu().numpy()
        return values

    return score


def _best(said: Sequence[Said]) -> set[int]:
    """The places of the aligned model's best descriptions of each concept."""
    own: dict[int, list[int]] = {}
    for place, one in enumerate(said):
        if one.row["policy"] == ALIGNED and one.row["reward"] is not None:
            own.setdefault(one.concept, []).append(place)
    best: set[int] = set()
    for places in own.values():
        ranked = sorted(places, key=lambda place: (-said[place].row["reward"], place))
        different = {said[place].row["text"]: place for place in reversed(ranked)}
        best |= set(sorted(different.values(), key=ranked.index)[:WORDED])
    return best


def _others(said: Sequence[Said]) -> dict[str, list[Said]]:
    """By family: the descriptions that have words of it."""
    return {family: [one for one in said if family in one.families()] for family in FAMILIES}


def _inspected(
    said: Sequence[Said],
    places: Sequence[int],
    best: set[int],
    others: dict[str, list[Said]],
    score: Score,
    rng: np.random.Generator,
) -> list[Row]:
    variants = [list(_variants(said[place], others, rng)) for place in places]
    worded = [_left_out(said[place]) if place in best else [] for place in places]
    texts: list[str] = []
    concepts: list[int] = []
    for place, changed, left_out in zip(places, variants, worded, strict=True):
        own = [said[place].row["text"] or neutral(said[place].row["name"])]
        own += [text for _, _, text in changed] + [text for _, _, text in left_out]
        texts += own
        concepts += [said[place].concept] * len(own)
    scores = iter(score(texts, concepts).tolist())
    rows = []
    for place, changed, left_out in zip(places, variants, worded, strict=True):
        whole = next(scores)
        losses: dict[str, list[float]] = {}
        for kind, family, _ in changed:
            losses.setdefault(f"{kind}_{family}", []).append(whole - next(scores))
        words = [
            {"start": start, "stop": stop, "loss": whole - next(scores)}
            for start, stop, _ in left_out
        ]
        rows.append(_row(said[place], whole, losses, words))
    return rows


def _variants(
    one: Said, others: dict[str, list[Said]], rng: np.random.Generator
) -> Iterator[tuple[str, str, str]]:
    """What is asked of each family in a description: the kind of change, the family, the text."""
    text, name = one.row["text"], one.row["name"]
    for family in one.families():
        yield "presence", family, without(text, one.clauses, family, name)
        own = one.part(family)
        for _ in range(SWAPS):
            other = others[family][int(rng.integers(len(others[family])))]
            part = renamed(other.part(family), other.row["name"], name)
            if other.concept != one.concept and part != own:
                yield "content", family, with_other(text, one.clauses, family, part)


def _left_out(one: Said) -> list[tuple[int, int, str]]:
    """Each word's place, and the description without it."""
    text = one.row["text"]
    return [
        (word.start, word.stop, " ".join((text[: word.start] + text[word.stop :]).split()))
        for word in words_of(text, one.row["name"])
    ]


def _row(one: Said, whole: float, losses: dict[str, list[float]], words: list[Row]) -> Row:
    families = one.families()
    kept = ("concept", "name", "template", "policy", "draw", "text", "reward", "held_out", "kl")
    gains = {
        f"{kind}_{family}": float(np.mean(found))
        if (found := losses.get(f"{kind}_{family}"))
        else None
        for kind in ("presence", "content")
        for family in FAMILIES
    }
    return {
        **{name: one.row[name] for name in kept},
        "score": whole,
        "families": families,
        "clauses": [
            {"start": c.start, "stop": c.stop, "family": c.family}
            for c in one.clauses
            if c.family != NEUTRAL
        ],
        "informative": is_informative(set(families)),
        "visual": is_visual(set(families)),
        **gains,
        "words": words,
    }
