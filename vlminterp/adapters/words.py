"""From BPE pieces to words."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

from vlminterp.adapters.dual_encoder import Word

END_OF_WORD, BEGIN_OF_WORD = "</w>", "▁"


def clip_words(
    pieces: Sequence[str | None], decode: Callable[[Sequence[int]], str], ids: Sequence[int]
) -> tuple[Word, ...]:
    """Groups the pieces of CLIP's byte-level BPE into words.

    Args:
        pieces: One per token; None at special tokens. A word's last piece ends in `</w>`.
        decode: Turns token ids into text.
        ids: One per token.

    Returns:
        The words in order; a word that truncation has cut is the last one.

    Example:
        >>> pieces = [None, "a</w>", "ca", "t</w>", None]
        >>> clip_words(pieces, lambda ids: "".join("-a-c-t"[i] for i in ids), [0, 1, 3, 5, 2])
        (Word(text='a', start=1, stop=2), Word(text='ct', start=2, stop=4))
    """
    words: list[Word] = []
    start: int | None = None
    for position, piece in enumerate([*pieces, None]):
        if start is not None and piece is None:
            words.append(Word(decode(ids[start:position]).strip(), start, position))
            start = None
        if piece is None:
            continue
        start = position if start is None else start
        if piece.endswith(END_OF_WORD):
            words.append(Word(decode(ids[start : position + 1]).strip(), start, position + 1))
            start = None
    return tuple(words)


# Scripts without spaces between words: a piece is the smallest thing that can be told apart.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_SPACED_WORD = re.compile(rf"(?:(?![{_UNSPACED}])\w)+(?:['’](?:(?![{_UNSPACED}])\w)+)*")
_MARK = re.compile(r"[^\w\s]+")


def words_of_offsets(
    text: str, offsets: Sequence[tuple[int, int]], special: Sequence[bool]
) -> tuple[Word, ...]:
    """Groups the pieces of any tokenizer into words, by the characters that they stand for.

    A word is a run of letters and digits, or of marks; in scripts that put no spaces between
    words, a piece. A piece that stands for nothing belongs to the word after it.

    Args:
        text: What was tokenized.
        offsets: Per token, where in the text it begins and ends.
        special: Per token, whether the tokenizer added it.

    Example:
        >>> offsets = [(0, 0), (0, 1), (1, 3), (3, 6), (6, 7), (0, 0)]
        >>> words_of_offsets("a cats.", offsets, [True, False, False, False, False, True])
        (Word(text='a', start=1, stop=2), Word(text='cats', start=2, stop=4), \
Word(text='.', start=4, stop=5))
    """
    spans = sorted(match.span() for kind in (_SPACED_WORD, _MARK) for match in kind.finditer(text))
    starts = [start for start, _ in spans]
    words: list[Word] = []
    spoken: int | None = None  # the span of the last word, if it is one of `spans`
    waiting: int | None = None  # the first piece that stands for nothing
    for place, ((begin, end), added) in enumerate(zip(offsets, special, strict=True)):
        if added:
            continue
        while begin < end and text[begin].isspace():
            begin += 1
        if begin >= end:
            waiting = place if waiting is None else waiting
            continue
        index = bisect_right(starts, begin) - 1
        span = index if index >= 0 and begin < spans[index][1] else None
        if words and span is not None and span == spoken:
            words[-1] = replace(words[-1], stop=place + 1)
        else:
            start = place if waiting is None else waiting
            written = text[slice(*spans[span])] if span is not None else text[begin:end].strip()
            words.append(Word(written, start, place + 1))
        spoken, waiting = span, None
    return tuple(words)


def words_of_sentencepieces(pieces: Sequence[str | None]) -> tuple[Word, ...]:
    """Groups the pieces of SentencePiece, which marks where a word begins, into words.

    Args:
        pieces: One per token; None at special tokens.

    Example:
        >>> words_of_sentencepieces(["▁a", "▁cat", "s", "▁", "猫", "が", None])[1:3]
        (Word(text='cats', start=1, stop=3), Word(text='猫', start=3, stop=5))
    """
    words: list[Word] = []
    begins = True
    waiting: int | None = None
    for place, piece in enumerate(pieces):
        if piece is None:
            begins = True
            continue
        written = piece.removeprefix(BEGIN_OF_WORD)
        begins = begins or piece != written or re.match(rf"[{_UNSPACED}]", written) is not None
        if not written:
            waiting = place if waiting is None else waiting
            continue
        if begins:
            words.append(Word(written, place if waiting is None else waiting, place + 1))
        else:
            words[-1] = replace(words[-1], text=words[-1].text + written, stop=place + 1)
        begins, waiting = re.search(rf"[{_UNSPACED}]$", written) is not None, None
    return tuple(words)
