"""From gains to an answer: this family is preferred, none is, or one can't tell."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from vlminterp.description.gains import Gains

SIGNIFICANT = 0.01
_FLIPS = 20_000


class Finding(Enum):
    """What gains show."""

    preferred = "preferred"
    nothing = "nothing found"
    undecided = "undecided"


@dataclass(frozen=True)
class Verdict:
    """Which family a VLM prefers, if any.

    Attributes:
        finding: What the gains show.
        family: The preferred one; None unless one is.
        leader: The family with the largest mean gain.
        runner_up: The second; None if there is only one family.
        p: Of leader against runner-up, paired by concept, two-sided; None without a runner-up.
    """

    finding: Finding
    family: str | None
    leader: str
    runner_up: str | None
    p: float | None


def preferred(gains: Gains, margin: float) -> Verdict:
    """Decides which family is preferred.

    *Nothing found* is a result, not a lack of one: every family's 95 % interval lies within
    ±margin, so that none can matter by more (equivalence). *Preferred*: the leader's interval lies
    above the margin and it beats the runner-up with p < .01. Anything else is *undecided*: more
    concepts or descriptions are needed, or two families are liked alike.

    Args:
        gains: Of one kind and one score, for at least one family.
        margin: The smallest gain that would matter, > 0, in the gains' units (cosine).

    Returns:
        The verdict.

    Raises:
        ValueError: No family has a gain.
    """
    intervals = gains.intervals()
    if not intervals:
        raise ValueError("no family has a gain")
    leader, *rest = gains.ranking()
    runner_up = rest[0] if rest else None
    p = paired_p(gains.of(leader), gains.of(runner_up)) if runner_up else None
    finding = Finding.undecided
    # Comparisons with NaN, the interval of a single concept, are false: undecided.
    if all(-margin <= i.low and i.high <= margin for i in intervals.values()):
        finding = Finding.nothing
    elif intervals[leader].low > margin and (p is None or p < SIGNIFICANT):
        finding = Finding.preferred
    family = leader if finding is Finding.preferred else None
    return Verdict(finding, family, leader, runner_up, p)


def paired_p(first: ArrayLike, second: ArrayLike, seed: int = 0) -> float:
    """How often chance alone makes two families differ as much: a sign-flip test over concepts.

    Two-sided, which also makes up for the leader having been chosen because it leads (Hung and
    Fithian, 2019).

    Args:
        first: One gain per concept, `[C]`; NaN where there is none.
        second: Of the same concepts, `[C]`.
        seed: Of the random flips.

    Returns:
        1/20,001…1; 1 if no concept has both.
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    difference = difference[~np.isnan(difference)]
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (_FLIPS, len(difference)))
    observed = abs(difference.sum())
    # Sums in another order differ by rounding; what equals the observed one must count.
    tolerance = 1e-12 * np.abs(difference).sum()
    as_large = np.abs(signs @ difference) >= observed - tolerance
    return float((as_large.sum() + 1) / (_FLIPS + 1))
