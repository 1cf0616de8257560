"""The words of a caption, and which tokens write each of them.

Words are cut from the caption, not from a tokenizer's pieces, so that every model has the same
ones. Pieces are assigned to them by the characters that they stand for.
"""

from bisect import bisect_right
from collections.abc import Sequence

import regex

from vlminterp.adapters.dual_encoder import Word

Span = tuple[int, int]
"""Start and stop of some characters of a text."""

# Scripts without spaces between words. Cutting words would need a dictionary, so each character is
# one.
_UNSPACED = r"[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{LB=SA}]&&\p{L}]"
_LETTER = rf"[[\p{{L}}\p{{N}}_]--{_UNSPACED}]"
# Vowel signs, points and joiners belong to the letter before them; other invisible characters,
# such as soft hyphens, to a word that goes on after them.
_GOES_ON = r"(?:[\p{M}\u200c\u200d]|[\p{Cf}--\u200b]+(?=[\p{L}\p{M}\p{N}]))"
_LETTERS = rf"{_LETTER}(?:{_LETTER}|{_GOES_ON})*"
_MARK = r"[^\s\p{L}\p{N}_\p{Cc}\p{Cf}]"
_WORD = regex.compile(
    rf"""{_LETTERS} (?: (?: ['’·׳״] | (?<=\p{{N}})[.,](?=\p{{N}}) ) {_LETTERS} )*
    | (?={_UNSPACED})\X
    | {_MARK} (?: \p{{Cf}}* {_MARK} )*""",
    regex.V1 | regex.X,
)


def word_spans(text: str) -> list[Span]:
    """Cuts a text into words: runs of letters and digits, or of punctuation and symbols.

    In scripts that put no spaces between words (Chinese, Japanese, Thai, Khmer, …), a word is one
    character with its marks.

    Args:
        text: A text in any script and normalisation.

    Returns:
        Start and stop of each word, in order. Only spaces and invisible characters are in none.

    Example:
        >>> text = "the dog's हिन्दी, 猫! 1.5"
        >>> [text[start:stop] for start, stop in word_spans(text)]
        ['the', "dog's", 'हिन्दी', ',', '猫', '!', '1.5']
    """
    return [match.span() for match in _WORD.finditer(text)]


def words_of_offsets(
    text: str, offsets: Sequence[Span], special: Sequence[bool]
) -> tuple[Word, ...]:
    """Assigns the tokens of a caption to its words, by the characters that they stand for.

    Words that share a token can't be told apart: they count as one. A token that stands for
    nothing visible belongs to the word after it, or else to the last one. A word without tokens
    (cut off, or dropped by the tokenizer) is left out.

    Args:
        text: The caption.
        offsets: The characters of the caption that each token stands for, in order.
        special: Whether the tokenizer added a token, for each.

    Example:
        >>> offsets = [(0, 0), (0, 1), (1, 3), (3, 6), (6, 7), (0, 0)]
        >>> words = words_of_offsets("a cats.", offsets, [True, False, False, False, False, True])
        >>> [(word.text, word.start, word.stop) for word in words]
        [('a', 1, 2), ('cats', 2, 4), ('.', 4, 5)]
    """
    spans = word_spans(text)
    starts, stops = [start for start, _ in spans], [stop for _, stop in spans]
    words: list[Word] = []
    last = -1  # the last of `spans` that has a token
    waiting: int | None = None  # the first token that stands for nothing and has no word yet
    place = -1
    for place, ((begin, end), added) in enumerate(zip(offsets, special, strict=True)):
        if added:
            continue
        first, behind = bisect_right(stops, begin), bisect_right(starts, end - 1)
        if first >= behind:
            waiting = place if waiting is None else waiting
            continue
        if first > last:
            start = place if waiting is None else waiting
            words.append(_word(text, start, place + 1, (starts[first], stops[behind - 1])))
        else:
            span = (words[-1].span[0], max(words[-1].span[1], stops[behind - 1]))
            words[-1] = _word(text, words[-1].start, place + 1, span)
        last, waiting = max(last, behind - 1), None
    if words and waiting is not None:
        stop = max(i for i, added in enumerate(special) if not added) + 1
        words[-1] = _word(text, words[-1].start, stop, words[-1].span)
    return tuple(words)


def _word(text: str, start: int, stop: int, span: Span) -> Word:
    return Word(text[slice(*span)], start, stop, span)
