"""Explanations of texts: do they pick the words that name something in the image?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import Word
from vlminterp.metrics.localisation import average_precision, pointing_game

Span = tuple[int, int]


def named(words: Sequence[Word], spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Finds the words of a caption that lie in the spans which name something.

    Args:
        words: The caption's words, each with the span of its characters.
        spans: Start and stop of the characters that name something.

    Returns:
        True at these words, bool `[words]`; a word counts if any of its characters lies in a span.

    Example:
        >>> places = ((0, 1), (2, 5), (6, 11))
        >>> words = [Word("A Red Panda"[slice(*span)], 0, 0, span) for span in places]
        >>> named(words, [(2, 11)]).tolist()
        [False, True, True]
    """
    return np.array(
        [
            any(start < word.span[1] and word.span[0] < stop for start, stop in spans)
            for word in words
        ],
        dtype=bool,
    )


def word_pointing(scores: Sequence[float], truth: NDArray[np.bool_]) -> float:
    """Tells whether the top word names something in the image.

    Args:
        scores: One score per word, `[words]`.
        truth: True at the words that name something, `[words]`; see `named`.

    Returns:
        The share of the top words that do, in [0, 1]: ties are averaged. NaN if no word does.

    Example:
        >>> word_pointing([0.1, 2.0, 0.3], np.array([False, True, False]))
        1.0
    """
    return pointing_game(np.asarray(scores, dtype=np.float64), truth)


def word_average_precision(scores: Sequence[float], truth: NDArray[np.bool_]) -> float:
    """Returns the average precision of the words' ranking.

    Args:
        scores: One score per word, `[words]`.
        truth: True at the words that name something, `[words]`; see `named`.

    Returns:
        A share in (0, 1]; equal scores give the share of true words. NaN if no word is true.
    """
    return average_precision(np.asarray(scores, dtype=np.float64), truth)
