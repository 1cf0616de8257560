"""Finds a concept's noun phrase in a clause: its name with article and adjectives."""

from collections.abc import Sequence
from dataclasses import dataclass

from vlminterp_ex2.inspection.seeds import Grammar
from vlminterp_ex2.inspection.words import TaggedWord

MOST_ADJECTIVES = 4
ADJECTIVE = ("y", "al", "ic", "ive", "ous", "ful", "ed", "ish", "less", "ian", "ern", "colored")
"""Endings of words that are adjectives when they stand right before a name."""


@dataclass(frozen=True)
class NounPhrase:
    """A concept's name with its article and adjectives; places are word indices in the clause.

    Attributes:
        start: Its first word: the article or another determiner, else an adjective or the name.
        name: Place of the name.
        many: Whether it is plural.
        owns: Whether it is a possessive: "the owl's".
    """

    start: int
    name: int
    many: bool
    owns: bool


def noun_phrase(
    text: str, words: Sequence[TaggedWord], name: int, concept: str, grammar: Grammar
) -> NounPhrase:
    """Finds the noun phrase of a name.

    Args:
        text: The text that holds the words.
        words: Words of the clause.
        name: Index of the name among the words.
        concept: The concept's name.
        grammar: Small words.

    Example:
        >>> from vlminterp_ex2.inspection.seeds import load_seeds
        >>> from vlminterp_ex2.inspection.words import words_of
        >>> text = "Woods are home to a small owl"
        >>> noun_phrase(text, words_of(text, "owl"), 6, "owl", load_seeds().grammar)
        NounPhrase(start=4, name=6, many=False, owns=False)
    """
    written = words[name].text.lower().replace("’", "'")
    owns = written.endswith(("'s", "s'"))
    bare = written.removesuffix("'s").removesuffix("'")
    first = name
    while first and text[words[first - 1].stop : words[first].start].strip(" ,") == "":
        first -= 1  # a colon ends the phrase
    start = _determiner(words, first, name, grammar)
    if start is None:
        start = name
        while start > first and _is_adjective(words[start - 1], grammar):
            start -= 1
    return NounPhrase(start, name, bare not in concept.lower() and bare.endswith("s"), owns)


def _determiner(words: Sequence[TaggedWord], first: int, name: int, grammar: Grammar) -> int | None:
    """Returns the place of a name's determiner, if only adjectives stand between; else None."""
    for place in range(name - 1, max(first - 1, name - 2 - MOST_ADJECTIVES), -1):
        if words[place].text.lower() in grammar.determiners:
            return place
        if words[place].lemma in grammar.small | grammar.prepositions | grammar.pronouns:
            return None
    return None


def _is_adjective(word: TaggedWord, grammar: Grammar) -> bool:
    known = word.lemma in grammar.small | grammar.prepositions | grammar.adverbs
    return not known and word.text.lower().endswith(ADJECTIVE)
