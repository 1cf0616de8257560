"""The third stage: finds what descriptions say, and which of it the VLM's score depends on."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vlminterp.description.class_means import ClassMeans
from vlminterp.description.embed import encode_texts
from vlminterp.description.measure import SCORES, SHUFFLED
from vlminterp.plugin import Context
from vlminterp_ex2.describe import ALIGNED, DESCRIBE
from vlminterp_ex2.inspection.ablation import neutral, without_each_word
from vlminterp_ex2.inspection.families import NEUTRAL
from vlminterp_ex2.inspection.lexicon import Lexicon
from vlminterp_ex2.inspection.said import MEASURED, ClausePool, Description, Row, comparisons
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.settings import EX2Config

INSPECT = "inspect"
BATCH = 256
WORDED = 3
"""Number of the aligned model's best descriptions of a concept that are taken apart by word."""
KEPT = ("concept", "name", "template", "policy", "draw", "text", "reward", "held_out", "kl")

Score = Callable[[Sequence[str], Sequence[int]], NDArray[np.float32]]


def inspect(context: Context[EX2Config], classes: ClassMeans, lexicon: Lexicon) -> list[Row]:
    """Writes the missing rows of the table `inspect`, one for each description.

    Args:
        context: The run's context; its table `describe` is complete.
        classes: The concepts' mean images.
        lexicon: Lexicon that sorts clauses into families.

    Returns:
        All rows: those of `describe`, with `families`, `other` (text that belongs to no family),
        `informative`, `visual`, and for each of the lexicon's families `presence_…`, `deletion_…`
        and `content_…`: the score (cosine) lost when its words are replaced by a neutral phrase of
        like length, by nothing, or by another concept's words. None where a description has no
        such words, or none that can be exchanged. `shuffled_…` is what `presence_…` would be
        under shuffled classes.
    """
    config = context.config
    table = context.results.table(INSPECT)
    rows = rows_of(context.results.table(DESCRIBE))
    starts = range(0, len(rows), BATCH)
    if any(number not in table for number in range(len(starts))):
        numbers = {concept: place for place, concept in enumerate(classes.ids)}
        said = [_said(row, numbers[row["concept"]], lexicon) for row in rows]
        score = _scorer(context, classes, config.reward.value)
        best, lenders = _best(said), ClausePool(said)
        done = sum(len(said[s : s + BATCH]) for n, s in enumerate(starts) if n in table)
        with context.progress.track("inspecting", len(rows), done, "descriptions") as stage:
            for number in context.results.unmade(range(len(starts)), INSPECT):
                some = range(starts[number], min(starts[number] + BATCH, len(said)))
                table.write(number, _inspected(said, some, best, lenders, score, context), {})
                stage.advance(len(some))
    return rows_of(table)


def _said(row: Row, concept: int, lexicon: Lexicon) -> Description:
    text, name = row["text"], row["name"]
    clauses = lexicon.clauses(text, name)
    return Description(row, concept, clauses, lexicon.seeds, lexicon.other(text, name, clauses))


def _scorer(context: Context[EX2Config], classes: ClassMeans, kind: str) -> Score:
    @torch.no_grad()
    def score(texts: Sequence[str], concepts: Sequence[int]) -> NDArray[np.float32]:
        """Returns each text's score and the same under shuffled classes, `[T, 2]`."""
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        embedded = encode_texts(context.encoder, list(places))[[places[text] for text in texts]]
        own = torch.tensor(concepts, device=embedded.device)
        values = SCORES[kind](embedded, own, classes.means)
        null = torch.full_like(values, torch.nan)
        if len(classes) > 1:
            null = SHUFFLED[kind](embedded, own, classes.means)
        found: NDArray[np.float32] = torch.stack([values, null], 1).cpu().numpy()
        return found

    return score


def _best(said: Sequence[Description]) -> set[int]:
    """Returns the places of the aligned model's best descriptions of each concept."""
    own: dict[int, list[int]] = {}
    for place, one in enumerate(said):
        if one.row["policy"] == ALIGNED and one.row["reward"] is not None:
            own.setdefault(one.concept, []).append(place)
    best: set[int] = set()
    for places in own.values():
        ranked = sorted(places, key=lambda place: (-said[place].row["reward"], place))
        different = {said[place].text: place for place in reversed(ranked)}
        best |= set(sorted(different.values(), key=ranked.index)[:WORDED])
    return best


def _inspected(
    said: Sequence[Description],
    places: Sequence[int],
    best: set[int],
    lenders: ClausePool,
    score: Score,
    context: Context[EX2Config],
) -> list[Row]:
    """Returns the rows of one batch, whose texts are all scored together."""
    compared, worded = [], []
    texts: list[str] = []
    concepts: list[int] = []
    for place in places:
        one = said[place]
        # by place, so that a row does not depend on its batch
        compared.append(
            list(comparisons(one, lenders, np.random.default_rng((context.seed, place))))
        )
        worded.append(without_each_word(one.text, one.name) if place in best else [])
        own = [one.text or neutral(one.name)]
        own += [text for pair in compared[-1] for text in (pair.kept, pair.changed)]
        own += [text for _, _, text in worded[-1]]
        texts += own
        concepts += [one.concept] * len(own)
    scores = iter(score(texts, concepts).astype(np.float64))
    rows = []
    for place, pairs, left_out in zip(places, compared, worded, strict=True):
        whole = float(next(scores)[0])
        gains: dict[str, list[float]] = {}
        for pair in pairs:
            gain, shuffled = (next(scores) - next(scores)).tolist()
            gains.setdefault(f"{pair.kind}_{pair.family}", []).append(gain)
            if pair.kind == "presence" and np.isfinite(shuffled):
                gains.setdefault(f"shuffled_{pair.family}", []).append(shuffled)
        words = [
            {"start": start, "stop": stop, "loss": whole - float(next(scores)[0])}
            for start, stop, _ in left_out
        ]
        rows.append(_row(said[place], whole, gains, words))
    return rows


def _row(one: Description, whole: float, gains: dict[str, list[float]], words: list[Row]) -> Row:
    families, known = one.families(), one.seeds.families
    columns = [f"{kind}_{family}" for kind in MEASURED for family in known.names]
    return {
        **{name: one.row[name] for name in KEPT},
        "score": whole,
        "families": families,
        "clauses": [
            {"start": c.start, "stop": c.stop, "family": c.family}
            for c in one.clauses
            if c.family != NEUTRAL
        ],
        "other": list(one.other),
        "informative": known.are_informative(families),
        "visual": known.are_visual(families),
        **{
            column: float(np.mean(gains[column])) if column in gains else None for column in columns
        },
        "words": words,
    }
