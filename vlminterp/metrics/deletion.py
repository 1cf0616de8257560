"""Captions with words taken out, for faithfulness on the text side.

Masking a word means **deleting** its tokens. M2IB's evaluation multiplied ids by 0, which writes
another token ("!"), and stripped the begin and end tokens, so that the model pooled somewhere else
(M2IB.md §2, rows 7 and 8). Deleted, the caption is one the model could have been given.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.adapters.dual_encoder import Tokens, Word


def above_median(scores: Sequence[float]) -> NDArray[np.bool_]:
    """Finds the words that score above the median of their caption (M2IB's threshold).

    A caption of equal scores, or of one word, keeps nothing.

    Args:
        scores: One score per word, `[words]`.

    Returns:
        True at these words, bool `[words]`.

    Example:
        >>> above_median([3.0, 1.0, 2.0]).tolist()
        [True, False, False]
    """
    values = np.asarray(scores, dtype=np.float64)
    return values > np.median(values) if len(values) else np.zeros(0, dtype=np.bool_)


def keep_words(tokens: Tokens, kept: Sequence[NDArray[np.bool_]]) -> Tokens:
    """Deletes the words that are not kept; specials, and tokens of no word, stay.

    Args:
        tokens: Captions, `[B, T]`.
        kept: One array per caption, bool `[words]`, True at the words that stay.

    Returns:
        Captions of the same shape `[B, T]`, moved left and padded on the right.

    Raises:
        ValueError: A caption has no array in `kept`, or one of another length than its words.
    """
    rows = [_keep(tokens, row, choice) for row, choice in enumerate(kept)]
    if len(rows) != len(tokens):
        raise ValueError(f"{len(rows)} choices for {len(tokens)} captions")
    ids, mask, special, words = zip(*rows, strict=True)
    return replace(
        tokens,
        ids=torch.stack(ids),
        mask=torch.stack(mask),
        special=torch.stack(special),
        words=tuple(words),
    )


def _keep(
    tokens: Tokens, row: int, kept: NDArray[np.bool_]
) -> tuple[Tensor, Tensor, Tensor, tuple[Word, ...]]:
    words = tokens.words[row]
    if len(words) != len(kept):
        raise ValueError(f"caption {row} has {len(words)} words, {len(kept)} choices")
    stays = torch.ones(tokens.ids.shape[1], dtype=torch.bool)
    for word, keep in zip(words, kept, strict=True):
        stays[word.start : word.stop] = bool(keep)
    moved_to = (torch.cumsum(stays, 0) - 1).tolist()
    remaining = tuple(
        replace(word, start=moved_to[word.start], stop=moved_to[word.stop - 1] + 1)
        for word, keep in zip(words, kept, strict=True)
        if keep
    )
    stays = stays.to(tokens.ids.device)
    pad_id, pad_counts = _padding(tokens, row)
    ids, mask, special = (
        torch.cat([old[row][stays], torch.full_like(old[row][~stays], new)])
        for old, new in ((tokens.ids, pad_id), (tokens.mask, pad_counts), (tokens.special, True))
    )
    return ids, mask, special, remaining


def _padding(tokens: Tokens, row: int) -> tuple[int, bool]:
    """Returns the padding's id, and whether the model counts padding as tokens (SigLIP does).

    A row that fills the context has no padding of its own: it gets another row's, or else its end
    token, not counted.
    """
    unseen = torch.nonzero(~tokens.mask)
    if len(unseen):
        own = unseen[unseen[:, 0] == row]
        place = own[-1] if len(own) else unseen[-1]
        return int(tokens.ids[place[0], place[1]]), False
    # Two specials at the end are an end token and padding, or padding alone.
    return int(tokens.ids[row, -1]), bool(tokens.special[row, -2:].all())
