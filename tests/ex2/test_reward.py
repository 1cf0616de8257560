"""The reward against the slow way: a loop over images, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from vlminterp_ex2.reward import Scorer, reward, with_penalty

from tests.ex2.letters import NAMES, LetterEncoder, means_of
from vlminterp.data.concepts import Concept
from vlminterp.description.class_means import class_means
from vlminterp.description.fit import Fit

T, K, N, D = 7, 4, 9, 6
KINDS = pytest.mark.parametrize("kind", list(Fit))


def slow_reward(texts, own, images, kind, scale):
    """EX2 §1, one text and one image after the other."""
    found = []
    for text, concept in zip(texts, own, strict=True):
        fits = [np.mean([scale * np.dot(image, text) for image in some]) for some in images]
        others = [fit for place, fit in enumerate(fits) if place != concept]
        found.append(fits[concept] - (np.mean(others) if kind is Fit.contrastive else 0))
    return found


def unit(shape, seed):
    vectors = np.random.default_rng(seed).normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@KINDS
def test_equals_a_loop_over_images(kind):
    texts, images, own = unit((T, D), 0), unit((K, N, D), 1), np.arange(T) % K
    means = images.mean(1)
    fast = reward(*map(torch.tensor, (texts, own, means)), kind, 100.0)
    assert fast.dtype == torch.float32
    np.testing.assert_allclose(fast, slow_reward(texts, own, images, kind, 100.0), atol=2e-5)


@KINDS
def test_equals_the_mean_of_a_real_models_cosines(load_tiny, pictures, kind):
    encoder = load_tiny("hf", "float64")
    shown = {"owl": pictures[:2], "bat": pictures[2:3], "cat": pictures[1:]}
    concepts = [
        Concept(name, name, tuple((lambda one=one: one) for one in some))
        for name, some in shown.items()
    ]
    scorer = Scorer(encoder, class_means(encoder, concepts), kind=kind)
    texts, own = ["a grey owl.", "it flies", "a grey owl."], [0, 1, 2]
    embedded = encoder.encode_text(encoder.tokenize(texts)).numpy(force=True)
    images = [
        encoder.encode_image(encoder.preprocess(some)).numpy(force=True) for some in shown.values()
    ]
    expected = slow_reward(embedded, own, images, kind, 100.0)
    np.testing.assert_allclose(scorer.scores(texts, own).rewards, expected, atol=1e-4)


@KINDS
@settings(deadline=None)
@given(order=st.permutations(range(T)))
def test_follows_a_permutation_of_the_texts(kind, order):
    texts, means, own = (
        torch.tensor(unit((T, D), 0)),
        torch.tensor(unit((K, D), 1)),
        torch.arange(T) % K,
    )
    rewards = reward(texts, own, means, kind, 100.0)
    moved = reward(texts[list(order)], own[list(order)], means, kind, 100.0)
    torch.testing.assert_close(moved, rewards[list(order)])


def test_each_different_text_is_encoded_once():
    encoder = LetterEncoder()
    scores = Scorer(encoder, means_of(0)).scores(["owl", "bat", "owl", "", "owl"], [0, 1, 2, 0, 0])
    assert encoder.encoded == 2
    assert scores.rewards[0] == pytest.approx(scores.rewards[4])
    assert abs(scores.rewards[0] - scores.rewards[2]) > 1
    assert scores.rewards[3] is None


def test_held_out_rewards_are_those_of_other_images():
    texts, own = ["a nice owl", "", "a bat"], [0, 1, 2]
    both = Scorer(LetterEncoder(), means_of(0), means_of(1)).scores(texts, own)
    only = Scorer(LetterEncoder(), means_of(1)).scores(texts, own)
    assert both.held_out == only.rewards != both.rewards
    assert only.held_out == [None] * 3
    assert both.rewards[1] is both.held_out[1] is None


@KINDS
def test_concepts_without_held_out_images_are_not_checked(kind):
    texts, own = ["a nice owl", "a bat", "", "a cat"], [0, 1, 1, 2]
    some = means_of(1, ("cat", "owl"))  # without the bat, and in another order
    scores = Scorer(LetterEncoder(), means_of(0), some, kind).scores(texts, own)
    alone = Scorer(LetterEncoder(), some, kind=kind).scores([texts[3], texts[0]], [0, 1]).rewards
    expected = [pytest.approx(alone[1], abs=1e-4), None, None, pytest.approx(alone[0], abs=1e-4)]
    assert scores.held_out == expected
    unchecked = Scorer(LetterEncoder(), means_of(0), kind=kind).scores(texts, own)
    assert scores.rewards == unchecked.rewards


def test_one_held_out_concept_has_nothing_to_contrast_with():
    one = means_of(1, ("owl",))
    scores = Scorer(LetterEncoder(), means_of(0), one, Fit.contrastive).scores(["owl"], [0])
    assert scores.held_out == [None]
    assert scores.rewards != [None]


def test_names_and_ids_are_the_classes():
    scorer = Scorer(LetterEncoder(), means_of(0))
    assert (scorer.names, scorer.ids[0]) == (NAMES, "id-owl")


@settings(deadline=None)
@given(
    arrays(np.float32, 6, elements=st.floats(-100, 100, width=32)),
    arrays(np.bool_, 6),
)
def test_an_empty_text_earns_less_than_every_real_one(rewards, empty):
    found = with_penalty(torch.tensor(rewards), torch.tensor(empty), 100.0).numpy()
    assert np.isfinite(found).all()
    if empty.all():
        assert (found == 0).all()
        return
    assert (found[~empty] == rewards[~empty]).all()
    if empty.any():
        assert found[empty].max() < rewards[~empty].min()
        assert found[empty].max() >= rewards[~empty].min() - max(np.ptp(rewards[~empty]), 1) - 1e-3
