"""Neutral phrases that stand where a family's words stood: they say nothing, at like length."""

from enum import Enum


class Gap(Enum):
    """What kind of words a gap held, and so what fits into it."""

    adjectives = "adjectives"
    """Before the name: "a [small brown] owl"."""
    before = "before"
    """All that comes before the name where it is no subject: "[You can see] an owl"."""
    after = "after"
    """What then follows it: "You can see an owl [in the woods]"."""
    predicate = "predicate"
    """What a subject that stays does or is: "an owl [eats mice]"."""
    owned = "owned"
    """The same where the subject is the name's: "an owl['s eyes are big]"."""
    statement = "statement"
    """A sentence with a subject of its own: "[Its eyes are big]"."""
    modifier = "modifier"
    """What tells more of what stands before it: "[found in the woods]"."""
    adjunct = "adjunct"
    """Anything else that could as well not be there: ", [a bird of prey],"."""


class Guest(Enum):
    """The number of the verb in a relative clause that hangs on a gap's last noun, if one does."""

    none = "none"
    one = "one"
    many = "many"


BEFORE = {1: "Behold", 2: "We have", 3: "Here we have", 4: "Here indeed we have",
    5: "Here, after all, we have", 6: "Here, as we know, we have"}  # fmt: skip
ADJECTIVES = {
    1: ("particular", "given", "certain"),
    2: ("very particular", "quite particular", "very certain"),
}
ADVERBIALS = (
    ("as we know", "of course", "as it happens", "as ever", "as has been said"),
    ("of course", "as it happens", "after all", "as ever", "as was said before"),
    ("as ever", "as we know", "all the same", "after all", "as has been said"),
)
ALONE = ("indeed", "again", "still")
PREDICATES = ("can be named", "may be meant", "may come up")
ADJUNCTS = ("as such", "as it were", "so to speak")
NOUNS = {
    (False, Guest.one): ("is", "one"),
    (False, Guest.many): ("is", "one of those"),
    (True, Guest.one): ("are", "one"),
    (True, Guest.many): ("are", "some"),
}
"""By whether the subject is in the plural, and what hangs on the noun."""
VOICES = 3
"""Ways to say it; what a VLM thinks of one of them should not decide."""


def filler(
    gap: Gap, words: int, voice: int, *, many: bool = False, guest: Guest = Guest.none
) -> str:
    """A neutral phrase.

    Args:
        gap: What it must fit into.
        words: How many words it should have, ≥ 1; it has as many as its kind allows.
        voice: Which of `VOICES`, from 0.
        many: Whether its subject is in the plural.
        guest: What hangs on it.

    Example:
        >>> filler(Gap.predicate, 5, 0)
        'can be named of course'
        >>> filler(Gap.predicate, 4, 0, guest=Guest.one)
        'is, of course, one'
    """
    match gap:
        case Gap.before:
            return BEFORE[min(words, max(BEFORE))]
        case Gap.adjectives:
            return ADJECTIVES[min(words, max(ADJECTIVES))][voice]
        case Gap.after:
            return _longer("", words, voice)
        case Gap.adjunct | Gap.modifier:
            return _longer(ADJUNCTS[voice], words, voice)
        case Gap.statement:
            return _longer(f"this {PREDICATES[voice]}", words, voice)
        case Gap.predicate | Gap.owned if guest is Guest.none:
            return _longer(PREDICATES[voice], words, voice)
        case Gap.predicate | Gap.owned:
            verb, noun = NOUNS[many, guest]
            between = _longer("", words - len(f"{verb} {noun}".split()), voice)
            return f"{verb}, {between}, {noun}" if between else f"{verb} {noun}"


def _longer(start: str, words: int, voice: int) -> str:
    """A phrase with adverbials behind it until it is long enough."""
    left = words - len(start.split())
    said: list[str] = []
    for adverbial in ADVERBIALS[voice]:
        if len(adverbial.split()) <= left:
            said.append(adverbial)
            left -= len(adverbial.split())
    if not said and left > 0:
        said = [ALONE[voice]]
    return " ".join(part for part in (start, ", ".join(said)) if part)
