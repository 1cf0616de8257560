"""Everyone who has labelled a run's descriptions, and how far each two of them agree."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import combinations
from operator import itemgetter
from typing import Any

from vlminterp.results.summary import plain_interval
from vlminterp_ex2.inspection.agreement import kappa_interval

LEXICON, PEOPLE = "lexicon", "people"

Row = Mapping[str, Any]
Label = Callable[[Row], Any]
Raters = Mapping[str, Mapping[int, Row]]
"""By rater, and by place of a description in the table `inspect`, the rater's row."""


def by_place(rows: Sequence[Row]) -> dict[int, Row]:
    """Returns the valid rows of a rater by the place of their description.

    Args:
        rows: Of a table `judge`; the lexicon's own rows have no place but their order.
    """
    return {
        row.get("place", number): row for number, row in enumerate(rows) if row.get("valid", True)
    }


def kappas(raters: Raters, families: Sequence[str]) -> dict[str, Any]:
    """Returns Cohen's κ of each two raters, for all that both say, with intervals over concepts.

    Args:
        raters: At least two; the first one's rows name the concepts of all descriptions.
        families: Names of those that inform.

    Returns:
        By label, such as `informative` or a family, a list of `first`, `second` and their κ as
        `mean`, `low`, `high`, `n`.
    """
    found: dict[str, Any] = {}
    for (first, ours), (second, theirs) in combinations(raters.items(), 2):
        places = sorted(ours.keys() & theirs.keys())
        for name, label in _labels(ours, theirs, places, families).items():
            pairs = [(place, label(ours[place]), label(theirs[place])) for place in places]
            known = [pair for pair in pairs if pair[1] is not None and pair[2] is not None]
            if known:
                concepts = [_concept(raters, place) for place, _, _ in known]
                one, other = ([pair[side] for pair in known] for side in (1, 2))
                kappa = plain_interval(kappa_interval(one, other, concepts))
                found.setdefault(name, []).append({"first": first, "second": second, **kappa})
    return found


def _concept(raters: Raters, place: int) -> str:
    return next(str(rows[place]["concept"]) for rows in raters.values() if place in rows)


def _labels(
    ours: Mapping[int, Row],
    theirs: Mapping[int, Row],
    places: Sequence[int],
    families: Sequence[str],
) -> dict[str, Label]:
    """Returns what both can be asked for, by name; None is said where a rater was not asked."""
    labels: dict[str, Label] = {"informative": itemgetter("informative"), "visual": _visual}
    labels |= {family: partial(_has, family) for family in families}
    own = {name for side in (ours, theirs) for place in places for name in _answer(side[place])}
    for name in sorted(own - labels.keys()):
        labels[name] = partial(_said, name)
    return labels


def _visual(row: Row) -> str | None:
    """Whether it is seen; one that does not inform says nothing of what is seen."""
    if row["visual"] is None:
        return "nothing said" if row["informative"] is False else None
    return "seen" if row["visual"] else "not seen"


def _has(family: str, row: Row) -> bool | None:
    return None if row["families"] is None else family in row["families"]


def _answer(row: Row) -> dict[str, Any]:
    """Returns the answer by another schema than ours; empty for other rows."""
    answer: dict[str, Any] = json.loads(row.get("labels") or "{}")
    return answer


def _said(name: str, row: Row) -> str | None:
    answer = _answer(row)
    return json.dumps(answer[name], sort_keys=True) if name in answer else None
