"""Scores how well texts fit their own class, and how much better than the other classes.

A cosine's mean over a class's images is a dot product with the mean of their unit embeddings, so a
batch of texts costs one matrix product, however many images there are.

Letters in shapes: T texts, K classes, D embedding size.
"""

import torch
from torch import Tensor


def own_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """Returns the mean cosine of each text to the images of its own class.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        Scores in -1…1, float32 `[T]`.
    """
    return _of_own(_to_all(texts, means), own)


def contrastive_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """Returns `own_scores` minus the mean of the same text's scores with all other classes.

    A text that fits every image alike (boilerplate, a text near all images) gets 0.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        Scores in -2…2, float32 `[T]`.

    Raises:
        ValueError: There is only one class, so nothing to contrast with.
    """
    return own_scores(texts, own, means) - shuffled_scores(texts, own, means)


def shuffled_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """Returns `own_scores` under shuffled classes, which are the null of every verdict.

    Each class is replaced by another (a derangement). This is the exact mean over all ways to do
    so: every text meets every class but its own equally often.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        Scores in -1…1, float32 `[T]`.

    Raises:
        ValueError: There is only one class, so nothing to shuffle.
    """
    classes = len(means)
    if classes < 2:
        raise ValueError("shuffled and contrastive scores need at least two classes")
    scores = _to_all(texts, means)
    return (scores.sum(1) - _of_own(scores, own)) / (classes - 1)


def shuffled_contrastive_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """Returns `contrastive_scores` under shuffled classes, averaged over all derangements.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        Scores, float32 `[T]`. A text's contrastive scores over all classes sum to 0, so the mean of
        all but its own is minus its own, over K - 1.
    """
    return -contrastive_scores(texts, own, means) / (len(means) - 1)


def _to_all(texts: Tensor, means: Tensor) -> Tensor:
    return texts.to(torch.float32) @ means.to(torch.float32).T


def _of_own(scores: Tensor, own: Tensor) -> Tensor:
    return scores.gather(1, own[:, None])[:, 0]
