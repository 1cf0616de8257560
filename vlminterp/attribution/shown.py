"""Chooses the pairs of a run that a page has room for."""

from itertools import islice

from vlminterp.attribution.rows import KEPT, explained_pairs
from vlminterp.attribution.telling import REASONS
from vlminterp.results.run_folder import RunFolder


def shown_places(folder: RunFolder, most: int) -> tuple[list[int], str]:
    """Returns the places of the pairs that a page shows: telling ones, or the first.

    Args:
        folder: The run folder.
        most: Number of pairs, at most.

    Returns:
        The places, and in words what is shown: "the first 60" of all pairs, for example.
    """
    rows = [row for part in folder.table(KEPT).tables() for row in part.to_pylist()]
    reasons = {row["pair"]: row["kept_as"] for row in rows}
    if not reasons:
        first = [pair.pair for pair in islice(explained_pairs(folder), most)]
        return first, f"the first {len(first)}"
    each = most // len(set(reasons.values()))
    places, told = [], []
    for reason in REASONS:
        own = [place for place, its in reasons.items() if its == reason][:each]
        places += own
        told += [f"{len(own)} {reason}"] if own else []
    return places, ", ".join(told)
