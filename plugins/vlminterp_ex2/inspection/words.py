"""Finds a text's words: their positions, their base forms, and the concept's name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import simplemma

from vlminterp_ex2.inspection.clauses import WORD

NAME = "NAME"
"""Stands for the concept's own name among base forms."""


@dataclass(frozen=True)
class TaggedWord:
    """A word of a text.

    Attributes:
        text: The word as written.
        start: Index of its first character.
        stop: One past its last character.
        lemma: Its base form in lower case; `NAME` for a word of the concept's name.
    """

    text: str
    start: int
    stop: int
    lemma: str


@lru_cache(maxsize=100_000)
def lemma(word: str) -> str:
    """Returns a word's base form in lower case.

    Example:
        >>> lemma("Mice"), lemma("eats")
        ('mouse', 'eat')
    """
    lowered = word.lower().replace("’", "'").removesuffix("'s")
    return simplemma.lemmatize(lowered, lang="en").lower()


def words_of(text: str, name: str) -> list[TaggedWord]:
    """Returns all words of a text, in order.

    Args:
        text: Any text.
        name: The concept's name; in any number and case it becomes one word, `NAME`.

    Example:
        >>> [word.lemma for word in words_of("Ice skates have a blade.", "ice skate")]
        ['NAME', 'have', 'a', 'blade']
    """
    found = [
        TaggedWord(match.group(), match.start(), match.end(), lemma(match.group()))
        for match in WORD.finditer(text)
    ]
    sought = [lemma(match.group()) for match in WORD.finditer(name)]
    joined: list[TaggedWord] = []
    place = 0
    while place < len(found):
        here = found[place : place + len(sought)]
        if sought and _are_name(here, sought):
            start, stop = here[0].start, here[-1].stop
            joined.append(TaggedWord(text[start:stop], start, stop, NAME))
            place += len(sought)
        else:
            joined.append(found[place])
            place += 1
    return joined


def _are_name(words: Sequence[TaggedWord], sought: Sequence[str]) -> bool:
    """Tells whether words are a name's base forms, ignoring a surplus "s" that LLMs may write."""
    *before, last = [word.lemma for word in words]
    plurals = (f"{sought[-1]}s", f"{sought[-1]}es")
    return before == [*sought[:-1]] and (last == sought[-1] or last in plurals)


def without(words: Sequence[TaggedWord], patterns: Sequence[re.Pattern[str]]) -> list[TaggedWord]:
    """Leaves out words that patterns match, until no pattern matches any more.

    Args:
        words: Words of one clause.
        patterns: Patterns on the joined base forms.
    """
    left = list(words)
    for pattern in patterns:
        while match := pattern.search(base_forms(left)):
            kept = list(_outside(left, *match.span()))
            if len(kept) == len(left):
                break
            left = kept
    return left


def base_forms(words: Sequence[TaggedWord]) -> str:
    """Returns the base forms joined by spaces, the text that frames are matched against."""
    return " ".join(word.lemma for word in words)


def _outside(words: Sequence[TaggedWord], start: int, stop: int) -> Iterator[TaggedWord]:
    place = 0
    for word in words:
        if not start <= place < stop:
            yield word
        place += len(word.lemma) + 1
