"""The verdict in words: what was found, on what grounds, and what would settle it."""

from collections.abc import Mapping

from vlminterp.description.verdict import LEAST_TO_LEAD, SIGNIFICANT, Finding, Verdict
from vlminterp.drawing.numbers import decimals, number
from vlminterp.metrics.intervals import Interval

Intervals = Mapping[str, Interval]

SAID = {"own": "cosine with the pictures", "contrastive": "contrastive score"}
"""Names of the scores in sentences."""


def sentence(
    model: str,
    verdict: Verdict,
    intervals: Mapping[str, Intervals],
    margin: float,
    score: str,
) -> str:
    """Puts the verdict into words.

    Args:
        model: The VLM's name.
        verdict: The verdict on gains by presence.
        intervals: Intervals of gains by kind and family.
        margin: The smallest gain that would matter.
        score: The score that all this was measured in.
    """
    presence, content = intervals["presence"], intervals["content"]
    leader = verdict.leader
    if leader is None:
        return f"Too little said to tell: {_rare(presence)}"
    null = _null(intervals.get("shuffled", {}).get(leader))
    gain = f"{told(presence[leader])}{null}"
    grounds = f"{leader} words raise the {SAID[score]} by {gain}"
    if verdict.finding is Finding.preferred:
        return f"{model} prefers {leader}: {grounds}{_meaning(content.get(leader), margin)}"
    if verdict.finding is Finding.any_picture:
        return f"{model} prefers none: {grounds}: they are liked with any picture."
    if verdict.finding is Finding.nothing:
        known = [family for family in presence if family not in verdict.unsaid]
        families = f"none of {len(known)} families" if len(known) > 1 else "none"
        most = (
            f"no words change the {SAID[score]} by {margin:g} or more; the most: {leader}, {gain}"
        )
        rare = f" Too little is said of {', '.join(verdict.unsaid)}." if verdict.unsaid else ""
        return f"{model} prefers {families}: {most}.{rare}{_minded(content, margin)}"
    return f"Undecided: {_open(verdict, leader, gain, presence, margin, SAID[score])}"


def told(interval: Interval) -> str:
    """Returns a mean with its interval, if there is one.

    Example:
        >>> told(Interval(0.25, 0.2, 0.3, 40)), told(Interval(0.25, float("nan"), float("nan"), 1))
        ('0.250 [0.200, 0.300]', '0.250')
    """
    mean, low, high = (decimals(value, 3) for value in (interval.mean, interval.low, interval.high))
    return mean if interval.n < 2 else f"{mean} [{low}, {high}]"


def _null(shuffled: Interval | None) -> str:
    """Returns the gain under shuffled classes, in brackets; nothing if it is unknown."""
    return f" (under shuffled classes: {told(shuffled)})" if shuffled else ""


def _rare(presence: Intervals) -> str:
    """Says that no family is told of enough concepts, and what to add."""
    most = max((one.n for one in presence.values()), default=0)
    return (
        f"no family is told of {LEAST_TO_LEAD} concepts or more (the most: {most}); add concepts "
        "or descriptions."
    )


def _meaning(content: Interval | None, margin: float) -> str:
    """Says whether it matters what the preferred words say."""
    if content is None:
        return ". What they say is the same of every concept."
    if content.low > margin:
        return f", and what they say counts: another concept’s words score {told(content)} lower."
    if content.high < margin:
        return ", whatever they say: another concept’s words do as well."
    return f". Whether it counts what they say is open ({told(content)})."


def _minded(content: Intervals, margin: float) -> str:
    """Names the families whose wrong words do harm although their true ones do no good."""
    found = [f"{name} ({told(one)})" for name, one in content.items() if one.low > margin]
    if not found:
        return ""
    return f" It minds wrong words, though: another concept’s score lower in {', '.join(found)}."


def _open(
    verdict: Verdict, leader: str, gain: str, presence: Intervals, margin: float, score: str
) -> str:
    """Says why there is no verdict, and what would bring one."""
    lead, more = presence[leader], "more concepts or descriptions would tell"
    harm = [f"{name} ({told(one)})" for name, one in presence.items() if one.high < -margin]
    if lead.high <= margin and harm:
        return (
            f"no words raise the {score} by {margin:g} or more (most: {leader}, {gain}), but some "
            f"lower it: {', '.join(harm)}."
        )
    if lead.low <= margin or verdict.runner_up is None:
        return (
            f"{leader} words lead with {gain}, which is not clearly above the "
            f"{margin:g} that would matter; {more}."
        )
    return (
        f"{leader} words raise the {score} by {gain}, {verdict.runner_up} words by "
        f"{told(presence[verdict.runner_up])}; that they differ has p = "
        f"{number(verdict.p_runner_up, 2)}, not below {SIGNIFICANT:g}; {more}."
    )
