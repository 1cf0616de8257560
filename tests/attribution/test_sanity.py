"""Sanity checks on maps that follow weights, captions and seeds, and on maps that do not."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from vlminterp_attribution.methods.ig import IntegratedGradients

import vlminterp
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.sanity import agreement, seed_agreement, shuffled_blocks, weight_cascade
from vlminterp.planted.source import PlantedConfig, PlantedSource


@pytest.fixture(scope="module")
def pairs():
    """Three planted pairs and their VLM."""
    encoder = vlminterp.load("planted-base", "cpu")
    source = PlantedSource(PlantedConfig(pairs=3, objects=2))
    found = [source.pair(index) for index in range(3)]
    pixels = encoder.preprocess([one.load_image() for one in found])
    return encoder, pixels, encoder.tokenize([one.text for one in found])


def maps(*grids):
    scores = torch.stack([torch.as_tensor(grid, dtype=torch.float32).flatten() for grid in grids])
    shapes = tuple(np.shape(grid) for grid in grids)
    return Explanation(Side.image, scores, "", 0, scores[:, 0], grids=shapes)


def test_agreement_is_spearmans_of_each_pair():
    first, second = np.random.default_rng(0).random((2, 4, 3, 5))
    expected = [
        spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)
    ]
    assert agreement(maps(*first), maps(*second)) == pytest.approx(expected)
    assert np.isnan(agreement(maps(np.ones((2, 2))), maps([[1, 2], [3, 4]]))).all()


def test_seeds_are_compared_two_by_two():
    one, other = [[1.0, 2.0], [3.0, 4.0]], [[4.0, 3.0], [2.0, 1.0]]
    found = seed_agreement([maps(one), maps(one), maps(other)])
    assert found == pytest.approx([(1 - 1 - 1) / 3])


def test_the_cascade_ends_a_map_of_the_model_and_not_one_of_the_picture(pairs):
    encoder, pixels, tokens = pairs

    def edges():
        return maps(*pixels.values.std(1).unfold(1, 16, 16).unfold(2, 16, 16).std((3, 4)))

    cascade = weight_cascade(
        encoder.vision, lambda: IntegratedGradients(encoder).attribute(pixels, tokens)
    )
    assert cascade.shape == (encoder.vision.depth + 1, 3)
    assert cascade[0] == pytest.approx(1)
    assert np.abs(cascade[-1]).mean() < 0.35
    assert weight_cascade(encoder.vision, edges) == pytest.approx(1)


def test_another_caption_gives_another_map(pairs):
    encoder, pixels, tokens = pairs
    others = encoder.tokenize(["a blue whale", "a red fox", "an owl"])
    own = IntegratedGradients(encoder).attribute(pixels, tokens)
    assert agreement(own, IntegratedGradients(encoder).attribute(pixels, others)).max() < 0.9


def test_weights_come_back_also_after_an_error(pairs):
    encoder, pixels, _ = pairs
    with torch.no_grad():
        before = encoder.encode_image(pixels)
        with shuffled_blocks(encoder.vision, 1):
            top = encoder.encode_image(pixels)
        with pytest.raises(ZeroDivisionError), shuffled_blocks(encoder.vision, 6):
            raise ZeroDivisionError
        assert not torch.allclose(before, top, atol=1e-3)
        assert torch.equal(encoder.encode_image(pixels), before)


def test_words_are_compared_too(pairs):
    encoder, pixels, tokens = pairs
    own = IntegratedGradients(encoder, "text").attribute(pixels, tokens)
    assert agreement(own, own) == pytest.approx(1)
