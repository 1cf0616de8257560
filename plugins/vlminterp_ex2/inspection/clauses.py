"""Cuts a description into clauses: the smallest parts whose deletion still leaves a text.

Sentences are cut where a new statement begins: at commas and dashes, before relative clauses,
before "with …" and before participles such as "found in …". A handful of rules; no parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+|\n+|;\s+|…\s*")
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
INNER = re.compile(
    r"""
    (?<!\d),\s+ | \s[–—-]\s | :\s+ | \s(?=\()                # punctuation
    | \s(?=(?:which|who|whose|where|while|although|because|though)\s)
    | (?<!help)(?<!helps)(?<!filled)(?<!covered)(?<!adorned)(?<!equipped)(?<!associated)\s(?=with\s)
    | \s(?=(?:and|but|or)\s(?:it|they|you|its|their|we|people|is|are|has|have|can|eats?|lives?)\s)
    | (?<=\w)\s(?=that\s(?!it\s|they\s|its\s|the\s|you\s|we\s|a\s)) # relative, not "say that it"
    """,
    re.VERBOSE | re.IGNORECASE,
)
BETWEEN_ADJECTIVES = re.compile(
    r"\b(?:a|an|the|its|their|his|her|with) (?:very |truly |quite )?[\w-]+,\s+"
    r"(?=(?!(?:a|an|the|its|their|it|they|in|on|at|of|or|and|but|with|which|who|that|being|often|"
    r"also|is|are|was|has|one|known|found|from|like)\s)[\w-]+\s)",
    re.IGNORECASE,
)
"""Commas between adjectives ("a single, …"): what follows still belongs to the coming noun."""
PARTICIPLE = re.compile(
    r"\s(?=(?:found|known|used|designed|located|native|living|made|covered|adorned|seen|worn|built)"
    r"\s(?:in|on|at|as|for|to|by|of|with|from|near|under|among|along|throughout)\s)",
    re.IGNORECASE,
)
AFTER_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|be|been|being|and|or|most|commonly|often|usually|typically|mostly|"
    r"mainly|widely|also|well|best|generally|primarily|it|them|frequently|not|can|easily|once|"
    r"sometimes|only|still|so|\w+ly)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Piece:
    """The position of a clause in a text.

    Attributes:
        start: Its first character in the text.
        stop: One past its last character, closing punctuation included.
        sentence: Index of its sentence, from 0.
    """

    start: int
    stop: int
    sentence: int


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yields start and stop of each sentence, without the white space between sentences.

    Example:
        >>> [text[a:b] for text in ["An owl. It eats mice."] for a, b in sentences(text)]
        ['An owl.', 'It eats mice.']
    """
    start = 0
    for end in SENTENCE_END.finditer(text):
        yield from _stripped(text, start, end.start() if end.group().isspace() else end.end())
        start = end.end()
    yield from _stripped(text, start, len(text))


def split(text: str) -> list[Piece]:
    """Returns all clauses in order; together they hold every word of the text.

    Example:
        >>> text = "The owl has big eyes, which help it hunt. It is found in the woods."
        >>> for piece in split(text): print(repr(text[piece.start:piece.stop]))
        'The owl has big eyes,'
        'which help it hunt.'
        'It is found in the woods.'
    """
    pieces = []
    for number, (start, stop) in enumerate(sentences(text)):
        cuts = [start, *_cuts(text[start:stop], start), stop]
        spans = [span for a, b in pairwise(cuts) for span in _stripped(text, a, b)]
        pieces += [Piece(a, b, number) for a, b in _with_words(text, spans)]
    return pieces


def _cuts(sentence: str, offset: int) -> list[int]:
    found = {match.end() for match in INNER.finditer(sentence)}
    found -= {match.end() for match in BETWEEN_ADJECTIVES.finditer(sentence)}
    found |= {
        match.end()
        for match in PARTICIPLE.finditer(sentence)
        if not AFTER_AUXILIARY.search(sentence[: match.start()].rstrip(","))
    }
    return sorted(offset + place for place in found)


def _with_words(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joins a span without words to the one before it (or after it, at the beginning)."""
    joined: list[tuple[int, int]] = []
    for start, stop in spans:
        wordless = not WORD.search(text[start:stop])
        if joined and (wordless or not WORD.search(text[slice(*joined[-1])])):
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return [span for span in joined if WORD.search(text[slice(*span)])]


def _stripped(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    piece = text[start:stop]
    begin = start + len(piece) - len(piece.lstrip())
    end = start + len(piece.rstrip())
    if begin < end:
        yield begin, end
