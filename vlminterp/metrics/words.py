"""Does a text explanation pick the words that name something in the image?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import Word
from vlminterp.metrics.localisation import average_precision, pointing_game

Span = tuple[int, int]


def named(words: Sequence[Word], text: str, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which of a tokenizer's words lie in the spans of the caption that name something.

    Tokenizers lower their words and split them at punctuation, so each is looked for in the
    lowered caption after the one before it. A word that the tokenizer rewrote is not found; it
    counts as naming nothing.

    Args:
        words: The caption's words, in order.
        text: The caption.
        spans: `(start, stop)` characters of `text`.

    Returns:
        bool `[words]`.

    Example:
        >>> words = [Word(text, 0, 0) for text in ("a", "red", "panda", "!")]
        >>> named(words, "A Red Panda!", [(2, 11)]).tolist()
        [False, True, True, False]
    """
    inside = np.zeros(len(text), dtype=bool)
    for start, stop in spans:
        inside[start:stop] = True
    lowered, origin = _lowered(text)
    cursor = 0
    result = np.zeros(len(words), dtype=bool)
    for index, word in enumerate(words):
        sought = word.text.lower()
        found = lowered.find(sought, cursor)
        if sought and found >= 0:
            cursor = found + len(sought)
            result[index] = inside[origin[found:cursor]].any()
    return result


def word_pointing(scores: Sequence[float], truth: NDArray[np.bool_]) -> float:
    """Whether the top word names something in the image.

    Args:
        scores: One per word, `[words]`.
        truth: Which words name something, `[words]`; see `named`.

    Returns:
        The share of the top words that do, in [0, 1]: ties are averaged. NaN if none does.

    Example:
        >>> word_pointing([0.1, 2.0, 0.3], np.array([False, True, False]))
        1.0
    """
    return pointing_game(np.asarray(scores, dtype=np.float64), truth)


def word_average_precision(scores: Sequence[float], truth: NDArray[np.bool_]) -> float:
    """Average precision of the words' ranking.

    Args:
        scores: One per word, `[words]`.
        truth: Which words name something, `[words]`; see `named`.

    Returns:
        In (0, 1]; equal scores give the share of true words. NaN if none is true.
    """
    return average_precision(np.asarray(scores, dtype=np.float64), truth)


def _lowered(text: str) -> tuple[str, NDArray[np.intp]]:
    """The text in lower case and, for each of its characters, where in `text` it came from."""
    pieces = [character.lower() for character in text]  # "İ" becomes two characters
    origin = np.repeat(np.arange(len(text)), [len(piece) for piece in pieces])
    return "".join(pieces), origin
