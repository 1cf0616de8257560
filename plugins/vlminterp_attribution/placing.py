"""Gives the values of patches and words to their tokens."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import Word


def on_patches(values: Tensor, tokens: int, first: int) -> Tensor:
    """Returns the score of each token of an image, 0 at tokens that are no patches, `[N]`.

    Args:
        values: Value of each patch, `[patches]`.
        tokens: Number of tokens, N.
        first: The first patch's token.
    """
    scores = torch.zeros(tokens, dtype=values.dtype)
    scores[first : first + len(values)] = values
    return scores


def on_words(values: Tensor, tokens: int, words: Sequence[Word]) -> Tensor:
    """Returns the score of each token of a caption, 0 at tokens of no word, `[N]`.

    Args:
        values: Value of each word, which its tokens share equally, `[words]`.
        tokens: Number of tokens, N.
        words: The words.
    """
    scores = torch.zeros(tokens, dtype=values.dtype)
    for word, value in zip(words, values, strict=True):
        scores[word.start : word.stop] = value / (word.stop - word.start)
    return scores
