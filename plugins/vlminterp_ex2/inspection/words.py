"""Finds a text's words: their positions, their base forms, and the concept's name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import simplemma

from vlminterp_ex2.inspection.clauses import WORD

NAME = "NAME"
"""Stands for the concept's own name among base forms."""
TYPES = frozenset({"aircraft", "bird", "car", "cat", "dog", "fish", "flower", "plant", "tree"})
"""Words that sources append to names that would be ambiguous without: "boxer dog"."""
LINKS = frozenset({"and", "in", "of", "on", "the", "with"})
"""Words that no part of a name begins or ends with: "of paradise"."""


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
        name: The concept's name; wherever the text calls the concept by it, or by a part of it that
            can stand for it, in any number and case, that becomes one word, `NAME`.

    Example:
        >>> [word.lemma for word in words_of("Ice skates have a blade.", "ice skate")]
        ['NAME', 'have', 'a', 'blade']
        >>> [word.lemma for word in words_of("A boxer is a dog.", "boxer dog")]
        ['a', 'NAME', 'be', 'a', 'dog']
    """
    found = [
        TaggedWord(match.group(), match.start(), match.end(), lemma(match.group()))
        for match in WORD.finditer(text)
    ]
    joined: list[TaggedWord] = []
    place = 0
    while place < len(found):
        called = next((c for c in calls(name) if _are_name(found[place : place + len(c)], c)), None)
        if called:
            start, stop = found[place].start, found[place + len(called) - 1].stop
            joined.append(TaggedWord(text[start:stop], start, stop, NAME))
            place += len(called)
        else:
            joined.append(found[place])
            place += 1
    return joined


@lru_cache(maxsize=10_000)
def calls(name: str) -> tuple[tuple[str, ...], ...]:
    """Returns what a concept can be called, longest first: its name, and parts that stand for it.

    Whoever writes about an American goldfinch goes on with "the goldfinch". Such a part is worth
    much of what the name is worth, and must not be taken for the words of any family. Parts are two
    or more words in a row, and the last word, or the one before it if the last is a type.

    Args:
        name: The concept's name.

    Example:
        >>> calls("American goldfinch"), calls("boxer dog")
        ((('american', 'goldfinch'), ('goldfinch',)), (('boxer', 'dog'), ('boxer',)))
    """
    whole = tuple(lemma(match.group()) for match in WORD.finditer(name))
    count = len(whole)
    runs = [
        whole[start : start + length]
        for length in range(count, 1, -1)
        for start in range(count - length + 1)
    ]
    told = [run for run in runs if run == whole or not {run[0], run[-1]} & LINKS]
    last = whole[-2:-1] if count > 1 and whole[-1] in TYPES else whole[-1:]
    return tuple(dict.fromkeys(part for part in (*told, last) if part))


def _are_name(words: Sequence[TaggedWord], called: tuple[str, ...]) -> bool:
    """Tells whether words are a name's base forms, ignoring a surplus "s" that LLMs may write."""
    *before, last = called
    told = [word.lemma for word in words]
    return told[:-1] == before and told[-1:] in ([last], [f"{last}s"], [f"{last}es"])


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
