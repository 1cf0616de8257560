"""Asks whether the words of a caption matter: its score against that of anagrams of it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Word

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


def gain_over_anagrams(encoder: DualEncoder, image: Tensor, words: Sequence[Word]) -> float:
    """Returns how far a pair's cosine is above the mean over anagrams of its caption.

    Anagrams say nothing but are as long and written in the same letters, so a caption that nothing
    in the picture answers gains nothing over them.

    Args:
        encoder: The VLM.
        image: The image's embedding, `[D]`.
        words: The words of its caption.
    """
    if not words:
        return 0.0
    written = [word.text for word in words]
    with torch.no_grad():
        texts = encoder.encode_text(encoder.tokenize(anagrams(written)))
        own = encoder.encode_text(encoder.tokenize([" ".join(written)]))
    cosines = encoder.similarity(image[None], torch.cat([own, texts]))[0]
    return float(cosines[0] - cosines[1:].mean())
