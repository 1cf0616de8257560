"""One matrix product against loops over every image, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.description.scores import contrastive_scores, own_scores


def unit(generator, *shape):
    vectors = generator.normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def world(seed, classes=4, texts=6, width=5):
    """Unit embeddings of each class's images (of different numbers) and of texts."""
    generator = np.random.default_rng(seed)
    images = [unit(generator, int(generator.integers(1, 6)), width) for _ in range(classes)]
    return images, unit(generator, texts, width), generator.integers(classes, size=texts)


def tensors(images, texts, own):
    means = np.stack([some.mean(0) for some in images])
    return (
        torch.tensor(texts, dtype=torch.float32),
        torch.tensor(own),
        torch.tensor(means, dtype=torch.float32),
    )


@given(st.integers(0, 2**32), st.integers(2, 7))
def test_scores_are_means_of_cosines(seed, classes):
    images, texts, own = world(seed, classes)
    cosines = np.array(
        [[np.mean([text @ image for image in some]) for some in images] for text in texts]
    )
    ours = cosines[np.arange(len(texts)), own]
    others = [np.mean(np.delete(row, k)) for row, k in zip(cosines, own, strict=True)]
    arguments = tensors(images, texts, own)
    assert np.allclose(own_scores(*arguments), ours, atol=1e-6)
    assert np.allclose(contrastive_scores(*arguments), ours - others, atol=2e-6)


def test_precision_is_float32_whatever_comes_in():
    texts, own, means = tensors(*world(0))
    for score in (own_scores, contrastive_scores):
        assert score(texts.double(), own, means.double()).dtype is torch.float32
        assert score(texts.half(), own, means.half()).dtype is torch.float32


@given(st.integers(0, 2**32))
def test_what_fits_all_images_alike_has_no_contrast(seed):
    images, texts, own = world(seed)
    same = [images[0]] * 4
    assert np.allclose(contrastive_scores(*tensors(same, texts, own)), 0, atol=1e-6)


def test_one_class_has_no_others():
    texts, own, means = tensors(*world(0))
    with pytest.raises(ValueError, match="at least two classes"):
        contrastive_scores(texts, own * 0, means[:1])
