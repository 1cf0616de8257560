"""Texts that differ from a description in one family's words, and in nothing else.

These are taken away, or a neutral phrase of like length stands in their place (both ask whether the
VLM cares that they are *present*), or another concept's (which asks about their *content*). The
concept's name stays where it is. Here are the texts; scoring them is someone else's.
"""

import re
from collections.abc import Sequence

from vlminterp.data.concepts import article
from vlminterp_ex2.inspection.clauses import sentences
from vlminterp_ex2.inspection.fillers import filler
from vlminterp_ex2.inspection.holes import Hole
from vlminterp_ex2.inspection.words import NAME, words_of

LOOSE = " ,;:–—-"
LOOSE_COMMA = re.compile(r"[\s,;:]+([,;:.!?])")
"""What is left of two commas between which nothing stands any more."""
SENTENCE_STOP = re.compile(r"[\s,;:–—.!?…-]*[\"'”’)\]]*$")
ARTICLE = re.compile(r"^an?\s+", re.IGNORECASE)


def neutral(name: str) -> str:
    """What is left of a concept when nothing is said of it.

    Example:
        >>> neutral("owl")
        'An owl.'
    """
    return _capital(f"{article(name)} {name}.")


Edit = tuple[int, int, str]
"""What is replaced: its first character, one past its last, and what by."""


def deleted(text: str, holes: Sequence[Hole], name: str) -> str | None:
    """A text without the words of its holes; None if what is left would be no English.

    Args:
        text: A description.
        holes: Of one family, in order.
        name: The concept's.
    """
    if any(hole.whole is None for hole in holes):
        return None
    edits = [(a, b, "") for hole in holes for a, b in hole.whole or ()]
    articles = [(s.start, s.stop) for hole in holes for s in hole.slots if s.article]
    return edited(text, [(a, b, article(name) if (a, b) in articles else "") for a, b, _ in edits])


def filled(text: str, holes: Sequence[Hole], said: Sequence[Sequence[str]]) -> str:
    """A text with other words in its holes.

    Args:
        text: A description.
        holes: Of one family, in order.
        said: For each hole, the words for each of its slots.
    """
    return edited(
        text,
        [
            (slot.start, slot.stop, f"{article(words)} {words}" if slot.article else words)
            for hole, parts in zip(holes, said, strict=True)
            for slot, words in zip(hole.slots, parts, strict=True)
        ],
    )


def neutral_words(hole: Hole, voice: int) -> list[str]:
    """Fillers for each slot of a hole."""
    return [
        filler(slot.gap, slot.words, voice, many=hole.many, guest=hole.guest) for slot in hole.slots
    ]


def words_in(text: str, hole: Hole) -> tuple[str, ...]:
    """What is said in each slot of a hole, to be lent to another: without a leading article."""
    found = []
    for slot in hole.slots:
        words = text[slot.start : slot.stop]
        found.append(ARTICLE.sub("", words) if slot.article else _lowered(words, text, slot.start))
    return tuple(found)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with some of its words replaced; sentences that are left empty are left out.

    Args:
        text: Any.
        edits: In order, none across a sentence's end.

    Example:
        >>> edited("An owl is big, and it eats mice.", [(7, 13, "")])
        'An owl, and it eats mice.'
        >>> edited("It flies. It eats mice.", [(0, 9, ""), (10, 12, "an owl")])
        'An owl eats mice.'
    """
    parts = []
    for start, stop in sentences(text):
        own = [edit for edit in edits if start <= edit[0] < stop]
        said = _sentence(text[start:stop], [(a - start, b - start, new) for a, b, new in own])
        if said:
            parts.append(said)
    return " ".join(parts)


def same_naming(kept: str, changed: str, name: str, farther: int) -> bool:
    """Whether two texts name a concept equally often and, word for word, in the same places.

    Args:
        kept: One.
        changed: The other.
        name: The concept's.
        farther: By how many words a place may differ, ≥ 0.

    Example:
        >>> same_naming("An owl eats mice.", "An owl flies.", "owl", 0)
        True
        >>> same_naming("An owl eats mice.", "It eats mice.", "owl", 0)
        False
    """
    one, other = places(kept, name), places(changed, name)
    return len(one) == len(other) and all(
        abs(a - b) <= farther for a, b in zip(one, other, strict=True)
    )


def places(text: str, name: str) -> list[int]:
    """Which words of a text are a concept's name, from 0; "owl-like" is two.

    Example:
        >>> places("An owl and an owl-like bird.", "owl")
        [1, 4]
    """
    words = words_of(text.replace("-", " "), name.replace("-", " "))
    return [place for place, word in enumerate(words) if word.lemma == NAME]


def balanced(text: str) -> bool:
    """Whether every bracket is closed, and quotation marks come in pairs."""
    return text.count("(") == text.count(")") and not text.count('"') % 2


def _sentence(said: str, edits: Sequence[Edit]) -> str:
    """One sentence with words replaced: its end stays, and its capital."""
    if not edits:
        return said
    parts, place = [], 0
    for start, stop, new in edits:
        apart = new[:1].isalnum() and said[:start][-1:].isalnum()  # from "owl" in "owl's"
        parts += [said[place:start], " " * apart, new]
        place = stop
    text = LOOSE_COMMA.sub(r"\1", " ".join("".join([*parts, said[place:]]).split()))
    end = said[len(SENTENCE_STOP.sub("", said, count=1)) :]
    text = SENTENCE_STOP.sub("", text, count=1).strip(LOOSE)
    if not any(character.isalpha() for character in text):
        return ""
    first = next(character for character in said if character.isalpha())
    return (_capital(text) if first.isupper() else text) + end


def _lowered(words: str, text: str, start: int) -> str:
    """Words from a sentence's beginning as they are written within one."""
    first = words.split()[0]
    capital = first[:1].isupper() and (len(first) == 1 or first[1:].islower())
    begins = not text[:start].strip() or text[:start].rstrip()[-1] in ".!?…\n"
    return words[0].lower() + words[1:] if begins and capital and first != "I" else words


def without_each_word(text: str, name: str) -> list[tuple[int, int, str]]:
    """Leaves out one word after another; a concept's name of several words is one.

    Args:
        text: A description.
        name: The concept's.

    Returns:
        For each word its first character, one past its last, and the text without it.

    Example:
        >>> without_each_word("An ice skate.", "ice skate")
        [(0, 2, 'ice skate.'), (3, 12, 'An .')]
    """
    return [
        (word.start, word.stop, " ".join((text[: word.start] + text[word.stop :]).split()))
        for word in words_of(text, name)
    ]


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
