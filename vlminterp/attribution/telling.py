"""Chooses the pairs of a long run that a reader wants to see."""

from typing import TYPE_CHECKING, Any

from vlminterp.attribution.lots import lot
from vlminterp.attribution.passport.verdict import DOUBT

if TYPE_CHECKING:
    import pandas as pd

BY = ("average_precision", "trust", "word_average_precision", "similarity")
"""Columns that pairs are ranked by: the first that has values."""
RANKED = ("pair", "id", "side", "passport", *BY)
"""Columns by which pairs are chosen."""
REASONS = ("best", "worst", "doubtful", "random")


def telling_pairs(rows: "pd.DataFrame", each: int, seed: int) -> dict[int, str]:
    """Chooses pairs by their rows.

    Args:
        rows: Rows of the pairs to choose from, none of them skipped, as the runner writes them. A
            pair is ranked by its first row: its image side, explained by the first method.
        each: Number of pairs for each reason, ≥ 0.
        seed: Seed of the random ones, which are drawn by their ids.

    Returns:
        The reason for each chosen pair, by its place and in that order: `best` and `worst` by the
        first column of `BY`, `doubtful` by the passport, least sure first, and `random`.
    """
    pairs = rows.drop_duplicates("pair").set_index("pair")
    by = next((name for name in BY if name in pairs and pairs[name].notna().any()), None)
    ranked = pairs if by is None else pairs.dropna(subset=[by]).sort_values(by, kind="stable")
    doubtful = pairs.iloc[:0]
    if "passport" in pairs:
        doubtful = pairs[pairs["passport"] == DOUBT].sort_values("trust", kind="stable")
    drawn = sorted(pairs["id"].items(), key=lambda one: lot(seed, one[1]))
    candidates: dict[str, list[Any]] = {
        "best": [] if by is None else ranked.index[::-1].tolist(),
        "worst": [] if by is None else ranked.index.tolist(),
        "doubtful": doubtful.index.tolist(),
        "random": [place for place, _ in drawn],
    }
    chosen: dict[int, str] = {}
    for reason in REASONS:
        others = [place for place in candidates[reason] if place not in chosen]
        chosen |= dict.fromkeys(others[:each], reason)
    return dict(sorted(chosen.items()))
