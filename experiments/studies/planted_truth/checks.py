"""Checks that the planted VLMs can serve as a truth by which explanations are judged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from experiments.studies.planted_truth.truth import Row, Triple
from vlminterp.description.verdict import SIGNIFICANT

PREFERENCES = {
    "planted-visual": "visual",
    "planted-habitat": "habitat",
    "planted-diet": "diet",
    "planted-spurious": "spurious",
}
"""VLMs with a planted family, and which family."""

CONTROL, SHORTCUT = "planted-name", "planted-shortcut"
MODELS = ("planted-base", *PREFERENCES, CONTROL, SHORTCUT)

TWICE = 2.0
EQUIVALENT = 0.1
ACCURATE = 0.9
ACCURATE_MODELS = ("planted-base", "planted-name", "planted-visual")
MOST, FEW = 0.5, 0.25


@dataclass(frozen=True)
class Check:
    """A statement that must be true, and whether it is.

    Attributes:
        model: Name of the VLM.
        what: Statement that must be true.
        passed: Whether it is true.
        found: The numbers found.
    """

    model: str
    what: str
    passed: bool
    found: str


def check(rows: Mapping[str, Row]) -> list[Check]:
    """Checks the truth about all of `MODELS`."""
    return [found for model in MODELS for found in _of(model, rows)]


def margin(rows: Mapping[str, Row], score: str, kind: str) -> float:
    """Returns the gain that counts as none: a tenth of the smallest planted one of its kind."""
    planted = [
        rows[model]["gains"][score][kind][family][0]
        for model, family in PREFERENCES.items()
        if family in rows[model]["gains"][score][kind]
    ]
    return EQUIVALENT * min(planted)


def _of(model: str, rows: Mapping[str, Row]) -> Iterator[Check]:
    row = rows[model]
    if model in PREFERENCES:
        yield from _leads(model, row)
    if model == CONTROL:
        yield from _equivalence(rows)
    yield from _swaps(model, row["answers"])
    if model in ACCURATE_MODELS:
        right = row["answers"]["right"]
        yield Check(model, f"right in {ACCURATE} of scenes", right[0] >= ACCURATE, shown(right))
    if model == SHORTCUT:
        for change in ("", "background ", "object "):
            share = row["answers"][f"{change}at home"]
            what = f"{change and f'{change}swapped: '}answers at home there in {ACCURATE}"
            yield Check(model, what, share[0] >= ACCURATE, shown(share))


def _leads(model: str, row: Row) -> Iterator[Check]:
    family = PREFERENCES[model]
    for score, kinds in row["leads"].items():
        for kind, lead in kinds.items():
            if family in row["gains"][score][kind]:
                leads = lead["family"] == family and lead["p"] < SIGNIFICANT
                found = f"{lead['family']}, {lead['ratio']:.1f} times, p = {lead['p']:.5f}"
                what = f"{score} {kind}: {family} leads, twice the others"
                yield Check(model, what, leads and lead["ratio"] >= TWICE, found)


def _equivalence(rows: Mapping[str, Row]) -> Iterator[Check]:
    for score, kinds in rows[CONTROL]["gains"].items():
        for kind, families in kinds.items():
            nothing = margin(rows, score, kind)
            farthest = max(abs(end) for triple in families.values() for end in triple[1:])
            what = f"{score} {kind}: every interval within ±{nothing:.4f}"
            yield Check(CONTROL, what, farthest <= nothing, f"{farthest:.4f} at most")


def _swaps(model: str, answers: Mapping[str, Triple]) -> Iterator[Check]:
    decisive, idle = ("background", "object")
    if model != SHORTCUT:
        decisive, idle = idle, decisive
    most, few = answers[f"{decisive} changes"], answers[f"{idle} changes"]
    yield Check(model, f"{decisive} swaps change most answers", most[1] > MOST, shown(most))
    yield Check(model, f"{idle} swaps change few", few[2] < FEW, shown(few))


def shown(triple: Triple, places: int = 3) -> str:
    """Returns a mean with its interval as text.

    Example:
        >>> shown([0.25, 0.2, 0.3], 2)
        '0.25 [0.20, 0.30]'
    """
    mean, low, high = (f"{value:.{places}f}" for value in triple)
    return f"{mean} [{low}, {high}]"
