"""How well texts fit their own class, and how much better than the other classes.

A cosine's mean over a class's images is a dot product with the mean of their unit embeddings, so a
batch of texts costs one matrix product, however many images there are.

Letters in shapes: T texts, K classes, D embedding size.
"""

import torch
from torch import Tensor


def own_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """Mean cosine of each text to the images of its own class.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        -1…1, float32 `[T]`.
    """
    return _of_own(_to_all(texts, means), own)


def contrastive_scores(texts: Tensor, own: Tensor, means: Tensor) -> Tensor:
    """`own_scores` less the mean of the same text's scores with all other classes.

    What fits every image alike (boilerplate, a text near all images) gets 0.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's class, int64 `[T]`, 0…K-1.
        means: Mean of each class's unit image embeddings, not renormalised, `[K, D]`.

    Returns:
        -2…2, float32 `[T]`.

    Raises:
        ValueError: There is only one class, so nothing to contrast with.
    """
    classes = len(means)
    if classes < 2:
        raise ValueError("a contrastive score needs at least two classes")
    scores = _to_all(texts, means)
    own_score = _of_own(scores, own)
    return own_score - (scores.sum(1) - own_score) / (classes - 1)


def _to_all(texts: Tensor, means: Tensor) -> Tensor:
    return texts.to(torch.float32) @ means.to(torch.float32).T


def _of_own(scores: Tensor, own: Tensor) -> Tensor:
    return scores.gather(1, own[:, None])[:, 0]
