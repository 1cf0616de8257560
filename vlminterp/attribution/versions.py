"""Scores many versions of one picture or of one caption, for metrics that change what is shown."""

from collections.abc import Callable

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.targets import Score
from vlminterp.metrics.deletion import keep_words

CHUNK = 64
"""Number of inputs in one forward pass."""


def score_pictures(
    encoder: DualEncoder, pixels: Pixels, index: int, score: Score
) -> Callable[[Tensor], Tensor]:
    """Returns a function that scores versions of one picture, `[n, 3, height, width]` to `[n]`.

    Args:
        encoder: The VLM.
        pixels: B images.
        index: The picture's place among them; its own pixels are `pixels.of(index)`.
        score: The question, see `vlminterp.attribution.targets`.
    """

    def scored(values: Tensor) -> Tensor:
        return torch.cat([_scored(some) for some in torch.split(values, CHUNK)])

    def _scored(values: Tensor) -> Tensor:
        with torch.no_grad():
            embeddings = encoder.encode_image(versions_of(pixels, index, values))
            return _asked(score, embeddings, index)

    return scored


def score_captions(
    encoder: DualEncoder, tokens: Tokens, index: int, score: Score
) -> Callable[[Tensor], Tensor]:
    """Returns a function that scores one caption by the words that are kept, bool `[n, words]`.

    Args:
        encoder: The VLM.
        tokens: B captions.
        index: The caption's place among them.
        score: The question.
    """

    def scored(kept: Tensor) -> Tensor:
        return torch.cat([_scored(some) for some in torch.split(kept, CHUNK)])

    def _scored(kept: Tensor) -> Tensor:
        with torch.no_grad():
            embeddings = encoder.encode_text(with_words(tokens, index, kept))
            return _asked(score, embeddings, index)

    return scored


def versions_of(pixels: Pixels, index: int, values: Tensor) -> Pixels:
    """Returns versions of one picture, which lie where it lies on its original.

    Args:
        pixels: B images.
        index: The picture's place among them.
        values: The versions' normalised pixels, `[n, 3, height, width]`.
    """
    count = len(values)
    sizes = (pixels.size(index),) * count if pixels.sizes else ()
    return Pixels(values, (pixels.geometry[index],) * count, sizes)


def with_words(tokens: Tokens, index: int, kept: Tensor) -> Tokens:
    """Returns versions of one caption with only some of its words.

    Args:
        tokens: B captions.
        index: The caption's place among them.
        kept: Whether each word is kept, bool `[n, words]`.
    """
    count = len(kept)
    copies = Tokens(
        ids=tokens.ids[index].repeat(count, 1),
        mask=tokens.mask[index].repeat(count, 1),
        special=tokens.special[index].repeat(count, 1),
        words=(tokens.words[index],) * count,
        truncated=(tokens.truncated[index],) * count,
    )
    return keep_words(copies, list(kept.numpy()))


def _asked(score: Score, embeddings: Tensor, index: int) -> Tensor:
    rows = torch.full((len(embeddings),), index, device=embeddings.device)
    return score(embeddings, rows).float().cpu()
