"""Texts that differ from a description in one family's words, and in nothing else.

A family's words are deleted, replaced by a neutral phrase of like length (both ask whether the VLM
cares that they are *present*), or replaced by another concept's words (which asks about their
*content*). The concept's name stays where it is. This module makes texts; others score them.
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
"""Two commas with nothing left between them."""
SENTENCE_STOP = re.compile(r"[\s,;:–—.!?…-]*[\"'”’)\]]*$")
ARTICLE = re.compile(r"^an?\s+", re.IGNORECASE)


def neutral(name: str) -> str:
    """Returns the text that is left of a description when nothing is said of its concept.

    Example:
        >>> neutral("owl")
        'An owl.'
    """
    return _capital(f"{article(name)} {name}.")


Edit = tuple[int, int, str]
"""A replacement: its first character, one past its last, and the new text."""


def deleted(text: str, holes: Sequence[Hole], name: str) -> str | None:
    """Returns a text without the words of its holes; None if the rest would not be English.

    Args:
        text: A description.
        holes: The holes of one family, in order.
        name: The concept's name.
    """
    if any(hole.whole is None for hole in holes):
        return None
    edits = [(a, b, "") for hole in holes for a, b in hole.whole or ()]
    articles = [(s.start, s.stop) for hole in holes for s in hole.slots if s.article]
    return edited(text, [(a, b, article(name) if (a, b) in articles else "") for a, b, _ in edits])


def filled(text: str, holes: Sequence[Hole], said: Sequence[Sequence[str]]) -> str:
    """Returns a text with other words in its holes.

    Args:
        text: A description.
        holes: The holes of one family, in order.
        said: New words for each slot of each hole.
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
    """Returns neutral phrases, one for each slot of a hole."""
    return [
        filler(slot.gap, slot.words, voice, many=hole.many, guest=hole.guest) for slot in hole.slots
    ]


def words_in(text: str, hole: Hole) -> tuple[str, ...]:
    """Returns the words in each slot of a hole, without a leading article, to be used elsewhere."""
    found = []
    for slot in hole.slots:
        words = text[slot.start : slot.stop]
        found.append(ARTICLE.sub("", words) if slot.article else _lowered(words, text, slot.start))
    return tuple(found)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Replaces some words of a text, and leaves out sentences that end up empty.

    Args:
        text: Any text.
        edits: Replacements in order; none crosses a sentence's end.

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
    """Tells whether two texts name a concept equally often, at the same word positions.

    Args:
        kept: The first text.
        changed: The second text.
        name: The concept's name.
        farther: Number of words by which a position may differ, ≥ 0.

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
    """Finds the positions, from 0, at which a text names a concept; "owl-like" is two words.

    Example:
        >>> places("An owl and an owl-like bird.", "owl")
        [1, 4]
    """
    words = words_of(text.replace("-", " "), name.replace("-", " "))
    return [place for place, word in enumerate(words) if word.lemma == NAME]


def balanced(text: str) -> bool:
    """Tells whether every bracket is closed and the number of quotation marks is even."""
    return text.count("(") == text.count(")") and not text.count('"') % 2


def _sentence(said: str, edits: Sequence[Edit]) -> str:
    """Replaces words in one sentence, keeping its end and capital; empty if no word is left."""
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
    """Lower-cases the first letter of words that begin a sentence, except names and "I"."""
    first = words.split()[0]
    capital = first[:1].isupper() and (len(first) == 1 or first[1:].islower())
    begins = not text[:start].strip() or text[:start].rstrip()[-1] in ".!?…\n"
    return words[0].lower() + words[1:] if begins and capital and first != "I" else words


def without_each_word(text: str, name: str) -> list[tuple[int, int, str]]:
    """Leaves out each word in turn; a concept's name of several words counts as one.

    Args:
        text: A description.
        name: The concept's name.

    Returns:
        For each word, its first character, one past its last, and the text without the word.

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
