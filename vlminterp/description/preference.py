"""The part of a plugin's summary that tells a VLM's preference."""

from collections.abc import Mapping
from typing import Any, TypedDict

from vlminterp.results.headline import interval


class PreferenceSummary(TypedDict, total=False):
    """The keys of a summary from which consoles and sweep pages read a preference.

    Attributes:
        finding: Value of a `Finding`.
        preferred: The preferred family; None if none is.
        leader: The family with the largest gain of those said often enough; None if there is none.
        p: The largest p of all tests that the leader must pass to be preferred.
        margin: The smallest gain that would matter, in cosine.
        gains: `mean`, `low`, `high` and `n` by kind (`presence`, `shuffled`, …) and family.
    """

    finding: str
    preferred: str | None
    leader: str | None
    p: float
    margin: float
    gains: Mapping[str, Mapping[str, Mapping[str, Any]]]


def preference_headline(summary: PreferenceSummary) -> str:
    """Returns a VLM's preference in a few words, with its null; without one, the leader's.

    Example:
        >>> gain = {"mean": 0.195, "low": 0.182, "high": 0.21}
        >>> preference_headline({"preferred": "habitat", "gains": {"presence": {"habitat": gain}}})
        'prefers habitat +0.195 [0.182, 0.210]'
        >>> null = {"presence": {"habitat": gain}, "shuffled": {"habitat": {"mean": 0.01}}}
        >>> preference_headline({"preferred": "habitat", "gains": null})
        'prefers habitat +0.195 [0.182, 0.210], shuffled +0.010'
        >>> preference_headline({"finding": "undecided", "leader": "habitat", "gains": null})
        'prefers: undecided (most: habitat +0.195 [0.182, 0.210], shuffled +0.010)'
        >>> preference_headline({"finding": "too little said", "gains": {"presence": {}}})
        'prefers: too little said'
    """
    family, gains = summary.get("preferred"), summary["gains"]
    if family is not None:
        return f"prefers {_beside_null(family, gains)}"
    found, leader = f"prefers: {summary.get('finding', 'nothing')}", summary.get("leader")
    return found if leader is None else f"{found} (most: {_beside_null(leader, gains)})"


def _beside_null(family: str, gains: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Returns a family's gain with the one under shuffled classes, if that is known."""
    null = gains.get("shuffled", {}).get(family)
    beside = f", shuffled {null['mean']:+.3f}" if null else ""
    return f"{family} {interval(gains['presence'][family], sign='+')}{beside}"
