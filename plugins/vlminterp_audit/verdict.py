"""Turns numbers into words: the driver of a name's score, and flags that speak against it."""

from dataclasses import dataclass
from enum import Enum

from vlminterp.metrics.intervals import Interval

TRANSFERS = 0.5
"""Share of a phrase's gain from which it counts as one that needs no evidence."""

CLEARED = 0.5
"""Share that the other's interval must stay below, for one alone to be what a name goes by."""

CLOSE = 0.5
"""Share of the best phrase's gain from which a phrase is worth a warning."""


class Driver(Enum):
    """The thing that the score of a name hangs on."""

    object = "object-driven"
    context = "context-driven"
    both = "both"
    neither = "neither"
    undecided = "undecided"


class Kind(Enum):
    """Kinds of flags, the worst first."""

    shortcut = "shortcut"
    unknown = "unknown name"
    spurious = "spurious phrase"
    prior = "text prior"
    name_only = "name only"


SEVERITY = {
    Kind.shortcut: 1.0,
    Kind.unknown: 0.8,
    Kind.spurious: 0.6,
    Kind.prior: 0.4,
    Kind.name_only: 0.1,
}
"""How bad a flag of each kind is at its worst, 0…1."""


@dataclass(frozen=True)
class HeardPhrase:
    """Words about a concept, and what they are worth to a VLM; all gains are in cosine.

    Attributes:
        family: Their family.
        text: The words.
        gain: Gain of the name's caption by these words, on the concept's own pictures.
        elsewhere: The same gain on pictures of other concepts.
        transfer: Gain of other names' captions by the same words, on their own pictures.
        swapped: Gain of the name's caption by words of the same family about other concepts.
    """

    family: str
    text: str
    gain: Interval
    elsewhere: Interval
    transfer: Interval
    swapped: Interval

    def is_liked(self, margin: float) -> bool:
        """Tells whether the words raise the score, beyond chance and beyond the margin."""
        return self.gain.low > 0 and self.gain.mean >= margin


@dataclass(frozen=True)
class Flag:
    """A warning about one concept.

    Attributes:
        kind: Its kind.
        sure: Distance of the evidence from chance, 0…1: the lower end of its interval, as a share
            of its mean.
        bad: Severity, 0…1.
        says: The evidence in one sentence.
        phrase: The words that it is about; empty for none.
    """

    kind: Kind
    sure: float
    bad: float
    says: str
    phrase: str = ""

    @property
    def weight(self) -> float:
        """The product that flags are sorted by."""
        return self.sure * self.bad


def driver(
    total: Interval, shares: tuple[Interval, Interval], margin: float, least: float
) -> Driver:
    """Decides what a name's score hangs on.

    Args:
        total: Fall of the score when object and background are exchanged, in cosine.
        shares: The object's and the background's share of it.
        margin: Smallest fall that matters.
        least: Smallest share that matters.
    """
    if not (total.low > 0 and total.mean >= margin):
        return Driver.neither
    by_object, by_context = (matters(one, least) for one in shares)
    if by_object and by_context:
        return Driver.both
    # "Object alone" also claims that the background does not matter: its interval must allow that.
    if by_object and shares[1].high < CLEARED:
        return Driver.object
    if by_context and shares[0].high < CLEARED:
        return Driver.context
    return Driver.undecided


def matters(share: Interval, least: float) -> bool:
    """Tells whether a share of the score is beyond chance and large enough to count."""
    return share.mean >= least and share.low > 0


def flags_of(
    name: str,
    drive: Driver,
    context: Interval,
    phrases: list[HeardPhrase],
    margin: float,
    *,
    known: bool = True,
    suspect: bool = False,
) -> list[Flag]:
    """Returns the flags of one concept, the surest and worst first.

    Args:
        name: The concept's name.
        drive: The driver of its score.
        context: The background's share of the score.
        phrases: The best phrase of each family.
        margin: Smallest gain that matters, in cosine.
        known: Whether the VLM gives the name to any picture that shows it.
        suspect: Whether the background matters though the driver is undecided.
    """
    liked = [phrase for phrase in phrases if phrase.is_liked(margin)]
    best = max((phrase.gain.mean for phrase in liked), default=0.0)
    found = [f for one in liked if one.gain.mean >= CLOSE * best for f in _of_phrase(one)]
    if suspect or drive in (Driver.context, Driver.both):
        found.append(_shortcut(name, context))
    if not known:
        found.append(_unknown(name))
    if phrases and not liked and all(phrase.gain.n > 1 for phrase in phrases):
        found.append(_name_only(name, phrases))
    return sorted(found, key=lambda flag: -flag.weight)


def _shortcut(name: str, context: Interval) -> Flag:
    says = (
        f"Exchanging the background alone takes {context.mean:.0%} of the score of “{name}” "
        f"[{context.low:.0%}, {context.high:.0%}]."
    )
    return Flag(Kind.shortcut, sureness(context), _within(context.mean), says)


def _unknown(name: str) -> Flag:
    says = (
        f"None of its own pictures is given the name “{name}”, and none of those that score "
        "highest for it shows one: whatever moves this score, it is not the name’s."
    )
    return Flag(Kind.unknown, 1.0, SEVERITY[Kind.unknown], says)


def _of_phrase(phrase: HeardPhrase) -> list[Flag]:
    """Returns the flags of a liked phrase: its gain needs neither this concept nor its pictures."""
    found = []
    tests = (
        (Kind.spurious, phrase.transfer, "to other names, on their own pictures,"),
        (Kind.prior, phrase.elsewhere, "to the same name, on pictures of other things,"),
    )
    for kind, gain, what in tests:
        if gain.low > 0 and gain.mean >= TRANSFERS * phrase.gain.mean:
            says = (
                f"“{phrase.text}” adds {phrase.gain.mean:.3f}, and {what} {gain.mean:.3f} "
                f"[{gain.low:.3f}, {gain.high:.3f}]."
            )
            bad = SEVERITY[kind] * _within(gain.mean / phrase.gain.mean)
            found.append(Flag(kind, sureness(gain), bad, says, phrase.text))
    return found


def _name_only(name: str, phrases: list[HeardPhrase]) -> Flag:
    best = max(phrases, key=lambda phrase: phrase.gain.mean)
    says = (
        f"No words beside the name raise the score of “{name}”: the best, “{best.text}”, add "
        f"{best.gain.mean:.3f}."
    )
    return Flag(Kind.name_only, 1.0, SEVERITY[Kind.name_only], says)


def sureness(interval: Interval) -> float:
    """Returns the lower end of an interval as a share of its mean, within 0…1.

    Example:
        >>> sureness(Interval(0.8, 0.6, 1.0, 8))
        0.7499999999999999
    """
    return _within(interval.low / interval.mean) if interval.mean > 0 else 0.0


def _within(value: float) -> float:
    return min(max(value, 0.0), 1.0) if value == value else 0.0
