"""Neutral phrases of like length that take the place of a family's words and say nothing."""

from enum import Enum


class Gap(Enum):
    """The kinds of gaps that removed words leave, each with its own fillers."""

    adjectives = "adjectives"
    """Before the name: "a [small brown] owl"."""
    before = "before"
    """All that comes before the name where it isn't the subject: "[You can see] an owl"."""
    after = "after"
    """Words that follow such a name: "You can see an owl [in the woods]"."""
    predicate = "predicate"
    """The predicate of a subject that stays: "an owl [eats mice]"."""
    owned = "owned"
    """A predicate whose subject belongs to the name: "an owl['s eyes are big]"."""
    statement = "statement"
    """A sentence with a subject of its own: "[Its eyes are big]"."""
    modifier = "modifier"
    """A modifier of what stands before it: "[found in the woods]"."""
    adjunct = "adjunct"
    """Any other words that could be left out: ", [a bird of prey],"."""


class Guest(Enum):
    """Number of the verb in a relative clause that depends on a gap's last noun, if any does."""

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
"""Verb and noun, by whether the subject is plural and by what depends on the noun."""
VOICES = 3
"""Number of wordings, so that a VLM's taste for one of them doesn't decide."""


def filler(
    gap: Gap, words: int, voice: int, *, many: bool = False, guest: Guest = Guest.none
) -> str:
    """Returns a neutral phrase.

    Args:
        gap: The kind of gap that it must fit.
        words: Number of words wanted, ≥ 1; the phrase has as many as its kind allows.
        voice: Index of the wording, from 0, below `VOICES`.
        many: Whether the gap's subject is plural.
        guest: The relative clause that depends on the phrase, if any.

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
    """Returns a phrase followed by adverbials, as many as fit into the number of words."""
    left = words - len(start.split())
    said: list[str] = []
    for adverbial in ADVERBIALS[voice]:
        if len(adverbial.split()) <= left:
            said.append(adverbial)
            left -= len(adverbial.split())
    if not said and left > 0:
        said = [ALONE[voice]]
    return " ".join(part for part in (start, ", ".join(said)) if part)
