"""From BPE pieces to words."""

from collections.abc import Callable, Sequence

from vlminterp.adapters.dual_encoder import Word

END_OF_WORD = "</w>"


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
