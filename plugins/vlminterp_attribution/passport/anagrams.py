"""Asks whether the words of a caption matter: its score against that of anagrams of it."""

from collections.abc import Sequence

import numpy as np
import torch

from vlminterp_attribution.batch import PairBatch

ANAGRAMS = 8
"""Anagrams of each caption."""


def anagrams(words: Sequence[str]) -> list[str]:
    """Shuffles the letters of each word, always in the same ways for the same words.

    Example:
        >>> anagrams(["a", "cat"])[:2]
        ['a cta', 'a cta']
    """
    rng = np.random.default_rng(list(" ".join(words).encode()))
    return [
        " ".join("".join(rng.permutation(list(word))) for word in words) for _ in range(ANAGRAMS)
    ]


def gain_over_anagrams(batch: PairBatch, index: int) -> float:
    """Returns how far a pair's cosine is above the mean over anagrams of its caption.

    Anagrams say nothing but are as long and written in the same letters, so a caption that nothing
    in the picture answers gains nothing over them.

    Args:
        batch: The pairs.
        index: The pair's place in the batch.
    """
    words = [word.text for word in batch.tokens.words[index]]
    if not words:
        return 0.0
    encoder = batch.encoder
    with torch.no_grad():
        texts = encoder.encode_text(encoder.tokenize(anagrams(words)))
        own = encoder.encode_text(encoder.tokenize([" ".join(words)]))
    cosines = encoder.similarity(batch.embedding[index : index + 1], torch.cat([own, texts]))[0]
    return float(cosines[0] - cosines[1:].mean())
