"""What a description loses when a family's words are taken away, or another concept's put there.

Taking away answers to *presence* (would any words of that family do?), putting another's to
*content* (does the VLM care what they say?). Here are the texts; scoring them is someone else's.
"""

import re
from collections.abc import Sequence

from vlminterp.data.concepts import article
from vlminterp_ex2.inspection.lexicon import Clause
from vlminterp_ex2.inspection.words import NAME, words_of

ENDS = (".", "!", "?", "…")
LOOSE = " ,;:–—-"
ARTICLE_BEFORE = re.compile(r"\b(an?)(\s+)$", re.IGNORECASE)


def neutral(name: str) -> str:
    """What is left of a concept when nothing is said of it.

    Example:
        >>> neutral("owl")
        'An owl.'
    """
    return _capital(f"{article(name)} {name}.")


def with_and_without(
    text: str, clauses: Sequence[Clause], family: str, name: str
) -> tuple[str, str]:
    """Two texts that differ by a family's clauses alone.

    Args:
        text: A description.
        clauses: All of its clauses, some of that family.
        family: Whose clauses are taken away.
        name: The concept's. Where a description says nothing else, both texts name the concept
            first: else the one would say what it is about, and the other wouldn't.

    Example:
        >>> said = [Clause(0, 15, 0, "neutral"), Clause(16, 29, 1, "diet")]
        >>> with_and_without("This is an owl. It eats mice.", said, "diet", "owl")
        ('This is an owl. It eats mice.', 'This is an owl.')
        >>> with_and_without("It eats mice.", [Clause(0, 13, 0, "diet")], "diet", "owl")
        ('An owl. It eats mice.', 'An owl.')
    """
    left = _joined([text[c.start : c.stop] for c in clauses if c.family != family])
    return (text, left) if left else (f"{neutral(name)} {text}", neutral(name))


def with_other(text: str, clauses: Sequence[Clause], family: str, other: str) -> str:
    """A description with other words in place of a family's.

    Args:
        text: The description.
        clauses: All of its clauses, some of that family.
        family: Whose clauses are replaced.
        other: Stands in the place of the first of them; the others are taken away.

    Example:
        >>> said = [Clause(0, 15, 0, "neutral"), Clause(16, 29, 1, "diet")]
        >>> with_other("This is an owl. It eats mice.", said, "diet", "It eats hay.")
        'This is an owl. It eats hay.'
    """
    parts: list[str] = []
    put = False
    for clause in clauses:
        if clause.family != family:
            parts.append(text[clause.start : clause.stop])
        elif not put:
            parts.append(other)
            put = True
    return _joined(parts)


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


def renamed(text: str, name: str, to: str) -> str:
    """Words about one concept as words about another.

    Args:
        text: What is said.
        name: Of the concept that it is said of, which is replaced wherever it stands.
        to: Of the other.

    Example:
        >>> renamed("An owl eats mice; owls don't bowl.", "owl", "bat")
        "A bat eats mice; bats don't bowl."
    """
    parts, place = [], 0
    for word in words_of(text, name):
        if word.lemma != NAME:
            continue
        before = ARTICLE_BEFORE.sub(lambda found: _like(found, to), text[place : word.start])
        many = word.text.lower().endswith("s") and not name.lower().endswith("s")
        written = _capital(to) if word.text[0].isupper() else to
        parts += [before, f"{written}s" if many and not to.endswith("s") else written]
        place = word.stop
    return "".join(parts) + text[place:]


def _like(found: re.Match[str], name: str) -> str:
    """The article that a name needs, written like the one that is found."""
    needed = article(name)
    return (_capital(needed) if found[1][0].isupper() else needed) + found[2]


def _joined(parts: Sequence[str]) -> str:
    """Parts of a text as a text: nothing hangs at its end, and it ends like a sentence."""
    text = " ".join(part.strip() for part in parts).strip().rstrip(LOOSE)
    return text if not text or text.endswith(ENDS) else f"{text}."


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
