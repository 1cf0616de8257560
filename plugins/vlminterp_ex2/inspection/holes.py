"""Finds words of a family that can be removed from a text without removing the concept's name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vlminterp_ex2.inspection.fillers import Gap, Guest
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.noun_phrase import NounPhrase, noun_phrase
from vlminterp_ex2.inspection.outline import Outline
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.inspection.words import NAME, TaggedWord

POINTING = ("the", "this", "these", "those")
MOST_BEFORE = 4
"""Words of a noun subject, the first of which points at the concept: "the small brown bird"."""
LOOSE = (Gap.adjunct, Gap.modifier)
STATED = (Gap.predicate, Gap.owned)
PUNCTUATION = " ,;:–—-"
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Slot:
    """Consecutive words that can be exchanged.

    Attributes:
        start: First character of the first word.
        stop: One past the last character of the last word; punctuation around them stays.
        gap: Kind of the words.
        words: Number of words, the article not counted.
        article: Whether they include "a" or "an", which depends on the word after it.
    """

    start: int
    stop: int
    gap: Gap
    words: int
    article: bool = False


@dataclass(frozen=True)
class Hole:
    """A clause's words of its family, except the concept's name and what must stay beside it.

    Attributes:
        slots: Slots in order, at least one.
        many: Whether the subject of a predicate is plural.
        guest: The relative clause that depends on its last noun, if any.
        whole: Starts and stops of what is deleted when nothing takes its place; None if the rest
            would not be English.
    """

    slots: tuple[Slot, ...]
    many: bool
    guest: Guest
    whole: Spans | None

    @property
    def shape(self) -> tuple[object, ...]:
        """The properties that another hole must share for its words to fit in here."""
        many = self.many and self.slots[-1].gap in STATED
        return (*((slot.gap, slot.article) for slot in self.slots), many, self.guest)


def find_holes(text: str, clauses: Sequence[Clause], name: str, seeds: Seeds) -> list[Hole | None]:
    """Finds the hole of each clause of a text.

    Args:
        text: A description.
        clauses: All clauses of the description.
        name: The concept's name.
        seeds: Known words and grammar.

    Returns:
        A hole for each clause; None where its words can't be exchanged so that the rest stays
        English and names the concept as before.
    """
    outline = Outline(text, clauses, name, seeds.grammar)
    found: list[Hole | None] = []
    for place in range(len(clauses)):
        words = outline.words(place)
        names = [number for number, word in enumerate(words) if word.lemma == NAME]
        if len(names) > 1:
            found.append(None)
        elif names:
            phrase = noun_phrase(text, words, names[0], name, seeds.grammar)
            found.append(_around(outline, place, phrase, seeds))
        else:
            found.append(_nameless(outline, place, seeds))
    return found


def _around(outline: Outline, place: int, phrase: NounPhrase, seeds: Seeds) -> Hole | None:
    """Returns the hole of a clause with one name, whose noun phrase stays; None without one."""
    words, after = outline.words(place), outline.next(place)
    before, behind = words[: phrase.start], words[phrase.name + 1 :]
    adjectives = _adjectives(words, phrase, outline.clauses[place].family, seeds)
    linked = outline.grammar.conjunctions | outline.grammar.subordinators
    if {word.text.lower() for word in before} <= linked:
        slots = [*adjectives, *_behind_subject(outline, words, phrase)]
    elif outline.begins(place) and not phrase.owns:
        slots = [*_slot(before, Gap.before), *adjectives, *_slot(behind, Gap.after)]
    else:
        return None
    guest = outline.guest(place, many=phrase.many)
    if not slots or not _stands(outline, place, slots[-1].gap, guest):
        return None
    fits = guest in (Guest.none, Guest.many if phrase.many else Guest.one)
    if slots[-1].gap in STATED:
        fits &= not before and (after is None or outline.follows_bare_subject(after))
    whole = tuple((slot.start, slot.stop) for slot in slots) if fits else None
    return Hole(tuple(slots), phrase.many, guest, whole)


def _behind_subject(
    outline: Outline, words: Sequence[TaggedWord], phrase: NounPhrase
) -> list[Slot]:
    """Returns the slot of a subject's predicate; a possessive ending belongs to the slot."""
    behind = words[phrase.name + 1 :]
    if not behind:
        return []
    if phrase.owns:
        name = words[phrase.name]
        ending = re.search(r"['’]s?$", name.text)
        (slot,) = _slot(behind, Gap.owned)
        return [replace(slot, start=name.start + ending.start())] if ending else []
    hangs = outline.hangs(behind[0]) and not outline.is_finite(behind)
    return _slot(behind, Gap.modifier if hangs else Gap.predicate)


def _adjectives(
    words: Sequence[TaggedWord], phrase: NounPhrase, family: str, seeds: Seeds
) -> list[Slot]:
    """Returns the slot between determiner and name, if a word there is of the clause's family."""
    own = words[phrase.start : phrase.name]
    determined = bool(own) and own[0].text.lower() in seeds.grammar.determiners
    telling = own[1:] if determined else own
    if not any(family in seeds.words.get(word.lemma, ()) for word in telling):
        return []
    article = determined and own[0].text.lower() in ("a", "an")
    start = own[0].start if article else telling[0].start
    return [Slot(start, telling[-1].stop, Gap.adjectives, len(telling), article)]


def _nameless(outline: Outline, place: int, seeds: Seeds) -> Hole | None:
    """Returns the hole of a clause that doesn't name the concept; None without one."""
    words, start = outline.words(place), 0
    while start < len(words) - 1 and words[start].lemma in outline.grammar.conjunctions:
        start += 1
    gap, subject, many = _kind(outline, place, words[start:])
    noun = _noun_subject(outline, words[start:], outline.clauses[place].family, seeds)
    if noun and (gap is Gap.statement or outline.begins(place)):
        gap, subject, many = Gap.predicate, noun, _is_plural(words[start + noun - 1])
    if gap in LOOSE:
        start = 0  # "and brown": the conjunction joins nothing else
    slots = _slot(words[start + subject :], gap)
    guest = outline.guest(place, many=many)
    if not slots or not _stands(outline, place, gap, guest):
        return None
    if gap in LOOSE and outline.is_subject(place):
        return None
    whole = _without(outline, place, gap) if guest is Guest.none else None
    if noun and subject == noun:
        whole = ((slots[0].start, slots[0].stop),) if outline.next(place) is None else None
    return Hole(tuple(slots), many, guest, whole)


def _noun_subject(outline: Outline, words: Sequence[TaggedWord], family: str, seeds: Seeds) -> int:
    """Returns the length of a subject such as "the bird", whose noun is not of the clause's family.

    It stands for the concept, as "it" would, but has a worth of its own, which isn't that of the
    clause's family. 0 where there is none, or where it can't be told from the verb.
    """
    if words[0].text.lower() not in POINTING:
        return 0
    for place in range(1, min(MOST_BEFORE, len(words) - 1)):
        noun = words[place]
        stands = noun.lemma in outline.grammar.nouns and "'" not in noun.text.replace("’", "'")
        own = family in seeds.words.get(noun.lemma, ())
        if stands and not own and outline.is_verb(words[place + 1], many=_is_plural(noun)):
            return place + 1
    return 0


def _is_plural(noun: TaggedWord) -> bool:
    return noun.text.endswith("s") and noun.text.lower() != noun.lemma


def _stands(outline: Outline, place: int, gap: Gap, guest: Guest) -> bool:
    """Tells whether the rest of the sentence can do without the words of a gap."""
    after = outline.next(place)
    listed = after is not None and outline.is_list_rest(after)
    return not listed and (guest is Guest.none or gap in STATED)


def _kind(outline: Outline, place: int, words: Sequence[TaggedWord]) -> tuple[Gap, int, bool]:
    """Returns a clause's gap, the length of the subject that stays, and whether it is plural."""
    grammar, first = outline.grammar, words[0].text.lower()
    second = words[1].text.lower() if len(words) > 1 else ""
    if first in grammar.pronouns and second:
        return Gap.predicate, 1, first == "they"
    if first in grammar.relatives and second:
        if second in grammar.determiners | grammar.pronouns | grammar.people:
            return Gap.modifier, 0, False  # "which people use"
        return Gap.predicate, 1, not second.endswith("s")
    hangs = outline.hangs(words[0]) or first in grammar.subordinators
    loose = Gap.modifier if hangs else Gap.adjunct
    finite = outline.is_finite(words)
    if outline.begins(place):
        alone = outline.next(place) is None
        return Gap.statement if alone or (finite and not hangs) else loose, 0, False
    goes_on = finite and outline.hangs(words[0])  # "[An owl] found in the woods is big"
    if goes_on or first in grammar.finite or outline.acts(words):
        return Gap.predicate, 0, first in grammar.plural
    return Gap.statement if finite and not hangs else loose, 0, False


def _without(outline: Outline, place: int, gap: Gap) -> Spans | None:
    """Returns the span of a whole clause; None where other clauses depend on it."""
    clause, after, grammar = outline.clauses[place], outline.next(place), outline.grammar
    if not outline.begins(place):
        return ((len(outline.text[: clause.start].rstrip(PUNCTUATION)), clause.stop),)
    if after is None or gap in LOOSE:
        return ((clause.start, clause.stop),)
    following = outline.words(after)
    if outline.is_joined(after) and following[1].text.lower() in (
        grammar.determiners | grammar.pronouns
    ):
        return ((clause.start, following[0].stop),)
    return None


def _slot(words: Sequence[TaggedWord], gap: Gap) -> list[Slot]:
    return [Slot(words[0].start, words[-1].stop, gap, len(words))] if words else []
