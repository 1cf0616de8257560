"""What a plugin that finds a VLM's preference says of it in its summary."""

from collections.abc import Mapping
from typing import Any, TypedDict

from vlminterp.results.headline import interval


class PreferenceSummary(TypedDict, total=False):
    """The part of a summary from which consoles and the pages of sweeps tell preferences.

    Attributes:
        finding: A `Finding`'s value.
        preferred: The preferred family; None if none is.
        leader: The family with the largest gain of those said often enough; None without.
        p: The largest p of all that the leader must pass to be preferred.
        margin: The smallest gain that would matter, in cosine.
        gains: By kind (`presence`, `shuffled`, …) and family: `mean`, `low`, `high` and `n`.
    """

    finding: str
    preferred: str | None
    leader: str | None
    p: float
    margin: float
    gains: Mapping[str, Mapping[str, Mapping[str, Any]]]


def preference_headline(summary: PreferenceSummary) -> str:
    """Returns what a VLM prefers, in a few words, beside its null.

    Example:
        >>> gain = {"mean": 0.195, "low": 0.182, "high": 0.21}
        >>> preference_headline({"preferred": "habitat", "gains": {"presence": {"habitat": gain}}})
        'prefers habitat +0.195 [0.182, 0.210]'
        >>> null = {"presence": {"habitat": gain}, "shuffled": {"habitat": {"mean": 0.01}}}
        >>> preference_headline({"preferred": "habitat", "gains": null})
        'prefers habitat +0.195 [0.182, 0.210], shuffled +0.010'
        >>> preference_headline({"finding": "nothing found", "gains": {"presence": {}}})
        'prefers: nothing found'
    """
    family, gains = summary.get("preferred"), summary["gains"]
    if family is None:
        return f"prefers: {summary.get('finding', 'nothing')}"
    null = gains.get("shuffled", {}).get(family)
    beside = f", shuffled {null['mean']:+.3f}" if null else ""
    return f"prefers {family} {interval(gains['presence'][family], sign='+')}{beside}"
