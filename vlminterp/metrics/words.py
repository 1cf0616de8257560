"""Does a text explanation pick the words that name something in the image?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import Word
from vlminterp.metrics.localisation import average_precision, pointing_game

Span = tuple[int, int]


def named(words: Sequence[Word], spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which words of a caption lie in the spans of it that name something.

    Args:
        words: The caption's words, with the characters that a tokenizer has kept account of.
        spans: `(start, stop)` characters of the caption.

    Returns:
        bool `[words]`; a word that lies in a span with a part of it counts.

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
