"""Where a family's words can be taken out of a text without taking the concept's name with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vlminterp_ex2.inspection.fillers import Gap, Guest
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.noun_phrase import NounPhrase, noun_phrase
from vlminterp_ex2.inspection.outline import Outline
from vlminterp_ex2.inspection.seeds import Seeds
from vlminterp_ex2.inspection.words import NAME, TaggedWord

LOOSE = (Gap.adjunct, Gap.modifier)
STATED = (Gap.predicate, Gap.owned)
PUNCTUATION = " ,;:–—-"
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Slot:
    """Words that can be exchanged.

    Attributes:
        start: The first one's first character in the text.
        stop: One past the last one's last; punctuation around them stays.
        gap: Their kind.
        words: How many they are, the article apart.
        article: Whether "a" or "an" is among them, which goes by what follows it.
    """

    start: int
    stop: int
    gap: Gap
    words: int
    article: bool = False


@dataclass(frozen=True)
class Hole:
    """A clause's words of its family, without the concept's name and what must stay beside it.

    Attributes:
        slots: In order, at least one.
        many: Whether a predicate's subject is in the plural.
        guest: What hangs on its last noun.
        whole: What is deleted where nothing is to stand there: starts and stops; None if what is
            left would be no English.
    """

    slots: tuple[Slot, ...]
    many: bool
    guest: Guest
    whole: Spans | None

    @property
    def shape(self) -> tuple[object, ...]:
        """What another's words must have in common with these to stand in their place."""
        many = self.many and self.slots[-1].gap in STATED
        return (*((slot.gap, slot.article) for slot in self.slots), many, self.guest)


def find_holes(text: str, clauses: Sequence[Clause], name: str, seeds: Seeds) -> list[Hole | None]:
    """Finds the hole of each clause of a text.

    Args:
        text: A description.
        clauses: All of its clauses.
        name: The concept's.
        seeds: What is known of words.

    Returns:
        None for a clause whose words can't be exchanged so that the rest stays English and names
        the concept as before.
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
            found.append(_nameless(outline, place))
    return found


def _around(outline: Outline, place: int, phrase: NounPhrase, seeds: Seeds) -> Hole | None:
    """The hole of a clause with one name, whose noun phrase stays."""
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
    """What a subject does or is; the ending of a possessive goes with it."""
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
    """The words between a determiner and the name, if any of them is of the clause's family."""
    own = words[phrase.start : phrase.name]
    determined = bool(own) and own[0].text.lower() in seeds.grammar.determiners
    telling = own[1:] if determined else own
    if not any(family in seeds.words.get(word.lemma, ()) for word in telling):
        return []
    article = determined and own[0].text.lower() in ("a", "an")
    start = own[0].start if article else telling[0].start
    return [Slot(start, telling[-1].stop, Gap.adjectives, len(telling), article)]


def _nameless(outline: Outline, place: int) -> Hole | None:
    """The hole of a clause that does not name the concept."""
    words, start = outline.words(place), 0
    while start < len(words) - 1 and words[start].lemma in outline.grammar.conjunctions:
        start += 1
    gap, subject, many = _kind(outline, place, words[start:])
    if gap in LOOSE:
        start = 0  # "and brown": the conjunction joins nothing else
    slots = _slot(words[start + subject :], gap)
    guest = outline.guest(place, many=many)
    if not slots or not _stands(outline, place, gap, guest):
        return None
    if gap in LOOSE and outline.is_subject(place):
        return None
    whole = _without(outline, place, gap) if guest is Guest.none else None
    return Hole(tuple(slots), many, guest, whole)


def _stands(outline: Outline, place: int, gap: Gap, guest: Guest) -> bool:
    """Whether what follows in the sentence can do without the words of a gap."""
    after = outline.next(place)
    listed = after is not None and outline.is_list_rest(after)
    return not listed and (guest is Guest.none or gap in STATED)


def _kind(outline: Outline, place: int, words: Sequence[TaggedWord]) -> tuple[Gap, int, bool]:
    """A clause's kind, how many words of it are a subject that stays, and whether it is plural."""
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
    """All of a clause, unless others of its sentence hang on it."""
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
