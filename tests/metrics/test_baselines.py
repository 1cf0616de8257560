"""Baselines: shuffled scores are the method's own, edges are where the picture has them."""

import numpy as np
import pytest

from vlminterp.metrics.baselines import blurred_edges, shuffled


def test_shuffled_has_the_same_scores_elsewhere():
    scores = np.random.default_rng(0).random((6, 7)).astype(np.float32)
    moved = shuffled(scores, 3)
    assert moved.shape == scores.shape
    assert moved.dtype == np.float32
    assert sorted(moved.ravel()) == sorted(scores.ravel())
    assert (moved != scores).any()
    assert (moved == shuffled(scores, 3)).all()
    assert (moved != shuffled(scores, 4)).any()


def test_shuffled_moves_maps_of_one_shape_alike():
    scores = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert (shuffled(2 * scores, 5) == 2 * shuffled(scores, 5)).all()


def test_shuffled_is_uniform_over_places():
    scores = np.array([1, 0, 0, 0], np.float32)
    counts = sum(shuffled(scores, seed) for seed in range(2000))
    assert counts == pytest.approx(np.full(4, 500), abs=80)  # four standard deviations


def test_edges_are_at_the_step():
    picture = np.zeros((3, 64, 64))
    picture[:, :, 40:] = 1  # between the fifth and the sixth of eight columns of patches
    edges = blurred_edges(picture, 8, 8)
    assert edges.shape == (8, 8)
    assert edges.dtype == np.float32
    assert edges.max() == 1
    assert np.ptp(edges, axis=0).max() < 1e-6, "the same in all rows"
    assert edges[0, 4] == pytest.approx(edges[0, 5], abs=1e-6)
    assert edges[0].argmax() in (4, 5)
    assert (np.diff(edges[0, :5]) >= 0).all()
    assert edges[0, 0] < 0.01


def test_edges_do_not_depend_on_scale_or_offset():
    picture = np.random.default_rng(0).random((3, 20, 30))
    first, second = blurred_edges(picture, 4, 5), blurred_edges(7 * picture - 3, 4, 5)
    np.testing.assert_allclose(first, second, rtol=1e-5)


def test_a_picture_without_edges_has_none():
    assert (blurred_edges(np.ones((3, 8, 8)), 2, 2) == 0).all()


def test_patches_that_do_not_divide_the_picture():
    assert np.isfinite(blurred_edges(np.random.default_rng(0).random((3, 23, 17)), 5, 4)).all()
