"""Decides from gains whether a family is preferred, none is, or one can't tell.

The rule was chosen by simulation, see `experiments/studies/ex2_truth/random_weights.md`: VLMs that
know nothing must not be said to prefer anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from vlminterp.description.gains import Gains
from vlminterp.metrics.intervals import Interval
from vlminterp.metrics.significance import p_above, paired_p

SIGNIFICANT = 0.01
LEAST_TO_LEAD = 8
"""Concepts that a leader needs: with fewer, no sign-flip test is significant, 2 / 2**7 > .01."""
LEAST_TO_CLEAR = 14
"""Concepts needed to rule a gain out: with fewer, one that a fifth has is missed, .8**13 > .05."""
ENOUGH_SAID = 0.2
"""Share of descriptions that must say something of any family."""


class Finding(Enum):
    """The conclusions that gains allow."""

    preferred = "preferred"
    """One family's words matter, more than any other's, and with their own concept's pictures."""
    nothing = "nothing found"
    """No family's words matter: a result, not a lack of one."""
    any_picture = "any picture"
    """One family's words lead, but they gain as much with other concepts' pictures."""
    undecided = "undecided"
    """More concepts or descriptions are needed, or two families are liked alike."""
    unsaid = "too little said"
    """The descriptions say too little to tell."""


@dataclass(frozen=True)
class Verdict:
    """The answer to which family a VLM prefers, if any.

    Attributes:
        finding: The conclusion from the gains.
        family: The preferred family; None unless one is.
        leader: The family with the largest mean gain among those said often enough; None without.
        runner_up: The second family in that ranking; None without.
        unsaid: Families of which too little is said: they neither lead nor stand in the way.
        p_runner_up: The p-value of leader against runner-up, paired by concept, two-sided; None
            without.
        p: The largest p of all tests that the leader must pass to be preferred; 1 without a leader.
    """

    finding: Finding
    family: str | None = None
    leader: str | None = None
    runner_up: str | None = None
    unsaid: tuple[str, ...] = ()
    p_runner_up: float | None = None
    p: float = 1.0


def preferred(gains: Gains, shuffled: Gains | None, margin: float, said: float = 1.0) -> Verdict:
    """Decides which family is preferred.

    *Preferred*: p < .01 that the leader's gain is above the margin (t), that it is above the
    runner-up's (sign flips), and that it is above what the same texts gain under shuffled classes
    (t). If only the last test fails, words are liked with *any picture*. *Nothing found*: the 95 %
    interval of every family that is said often enough lies within ±margin, so that none can matter
    by more (equivalence), and one family is said of enough concepts to rule that out. *Too little
    said*: no family is said of enough concepts, hardly any description says anything, or there is
    only one class. Anything else is *undecided*.

    Args:
        gains: Gains of one kind and one score.
        shuffled: The same texts' gains under shuffled classes; None with one class.
        margin: The smallest gain that would matter, > 0, in the gains' units (cosine).
        said: Share of descriptions that say something of any family, 0…1.

    Returns:
        The verdict.
    """
    intervals = gains.intervals()
    known = [family for family in gains.ranking() if intervals[family].n >= LEAST_TO_LEAD]
    rare = tuple(f for f in gains.families if f not in known)
    if shuffled is None or not known or said < ENOUGH_SAID:
        return Verdict(Finding.unsaid, unsaid=rare)
    leader, runner_up = known[0], known[1] if len(known) > 1 else None
    p_margin = p_above(gains.of(leader), margin)
    p_pictures = p_above(gains.less(shuffled).of(leader))
    p_runner_up = paired_p(gains.of(leader), gains.of(runner_up)) if runner_up else None
    p_lead = max(p_margin, p_runner_up or 0.0)
    finding = Finding.undecided
    if _all_within(margin, {family: intervals[family] for family in known}):
        finding = Finding.nothing
        rare = tuple(f for f in gains.families if _count(intervals.get(f)) < LEAST_TO_CLEAR)
    elif p_lead < SIGNIFICANT:
        finding = Finding.preferred if p_pictures < SIGNIFICANT else Finding.any_picture
    family = leader if finding is Finding.preferred else None
    p = max(p_lead, p_pictures)
    return Verdict(finding, family, leader, runner_up, rare, p_runner_up, p)


def _all_within(margin: float, intervals: Mapping[str, Interval]) -> bool:
    """Tells whether no family matters, and one has enough concepts to rule it out."""
    clear = any(interval.n >= LEAST_TO_CLEAR for interval in intervals.values())
    return clear and all(-margin <= i.low and i.high <= margin for i in intervals.values())


def _count(interval: Interval | None) -> int:
    return interval.n if interval else 0
