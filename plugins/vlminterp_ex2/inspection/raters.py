"""Compares everyone who has labelled a run's descriptions: how far do each two agree?"""

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
"""Maps rater, then a description's place in the table `inspect`, to the rater's row."""


def by_place(rows: Sequence[Row]) -> dict[int, Row]:
    """Returns the valid rows of a rater by the place of their description.

    Args:
        rows: Rows of a table `judge`, or the lexicon's, whose place is their index.
    """
    return {
        row.get("place", number): row for number, row in enumerate(rows) if row.get("valid", True)
    }


def kappas(raters: Raters, families: Sequence[str]) -> dict[str, Any]:
    """Returns Cohen's κ of every two raters, for all labels of both, with intervals over concepts.

    Args:
        raters: Two raters or more; a concept is read from the first that has the description.
        families: Names of informative families.

    Returns:
        Maps each label, such as `informative` or a family, to a list of `first`, `second` and
        their κ as `mean`, `low`, `high`, `n`.
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
    """Returns the labels to compare, by name; each gives None where a rater was not asked."""
    labels: dict[str, Label] = {"informative": itemgetter("informative"), "visual": _visual}
    labels |= {family: partial(_has, family) for family in families}
    own = {name for side in (ours, theirs) for place in places for name in _answer(side[place])}
    for name in sorted(own - labels.keys()):
        labels[name] = partial(_said, name)
    return labels


def _visual(row: Row) -> str | None:
    """Returns "seen", "not seen", or "nothing said" if uninformative; None if not asked."""
    if row["visual"] is None:
        return "nothing said" if row["informative"] is False else None
    return "seen" if row["visual"] else "not seen"


def _has(family: str, row: Row) -> bool | None:
    return None if row["families"] is None else family in row["families"]


def _answer(row: Row) -> dict[str, Any]:
    """Returns the answer under a schema other than ours; empty for other rows."""
    answer: dict[str, Any] = json.loads(row.get("labels") or "{}")
    return answer


def _said(name: str, row: Row) -> str | None:
    answer = _answer(row)
    return json.dumps(answer[name], sort_keys=True) if name in answer else None
