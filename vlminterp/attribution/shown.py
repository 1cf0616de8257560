"""Chooses the pairs of a run that a page has room for."""

from collections.abc import Iterator
from itertools import islice

from vlminterp.attribution.rows import KEPT, explained_pairs
from vlminterp.attribution.telling import REASONS
from vlminterp.results.run_folder import RunFolder


def shown_places(folder: RunFolder, most: int) -> tuple[list[int], str]:
    """Returns the places of the pairs that a page shows: telling ones, then the first.

    Args:
        folder: The run folder.
        most: Number of pairs, at most.

    Returns:
        The places, and in words what is shown: "the first 60" of all pairs, for example.
    """
    rows = [row for part in folder.table(KEPT).tables() for row in part.to_pylist()]
    reasons = {row["pair"]: row["kept_as"] for row in rows}
    each = most // max(1, len(set(reasons.values())))
    places, told = [], []
    for reason in REASONS:
        own = [place for place, its in reasons.items() if its == reason][:each]
        places += own
        told += [f"{len(own)} {reason}"] if own else []
    first = list(islice(_first(folder, pictured=bool(reasons)), most - len(places)))
    told += [f"the first {len(first)}"] if first else []
    return [*places, *first], ", ".join(told)


def _first(folder: RunFolder, *, pictured: bool) -> Iterator[int]:
    """Yields places from the first on; if they must be `pictured`, those with saved pictures."""
    for pair in explained_pairs(folder):
        row = next(iter(pair.sides.values())).row
        if pictured and ("picture" not in row or "kept_as" in row):
            return
        yield pair.pair
