"""Causal metrics: those of localisation for one cause, and worked out by hand for two."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.metrics.causal import causal_pointing, causal_precision, causal_ranking, causal_share
from vlminterp.metrics.localisation import average_precision, energy_in_mask, pointing_game

METRICS = (causal_share, causal_precision, causal_pointing)


@given(st.integers(0, 10_000), st.floats(0.01, 5))
def test_one_cause_is_localisation(seed, strength):
    rng = np.random.default_rng(seed)
    heat = rng.integers(-3, 6, (6, 7)).astype(float)
    heat[rng.random((6, 7)) < 0.1] = np.nan
    mask = rng.random((6, 7)) < 0.3
    relevance = mask * strength
    for causal, plain in zip(
        METRICS, (energy_in_mask, average_precision, pointing_game), strict=True
    ):
        np.testing.assert_allclose(causal(heat, relevance), plain(heat, mask), rtol=1e-12)


@pytest.mark.parametrize("metric", [causal_share, causal_precision])
def test_a_constant_map_has_the_mean_relevance(metric):
    relevance = np.array([[1.0, 0.5, 0.0, 0.0]])
    assert metric(np.ones((1, 4)), relevance) == pytest.approx(0.375)


def test_two_causes_by_hand():
    relevance = np.array([[0.6, 0.3, 0.0]])
    assert causal_share(np.array([[1.0, 1.0, 2.0]]), relevance) == pytest.approx((1 + 0.5) / 4)
    # precision 1 for a recall of ⅔, then ¾ for the rest
    expected = 1 * 2 / 3 + 0.75 * 1 / 3
    assert causal_precision(np.array([[3.0, 2.0, 1.0]]), relevance) == pytest.approx(expected)
    assert causal_pointing(np.array([[0.0, 1.0, 0.0]]), relevance) == 1  # half as relevant: main
    assert causal_pointing(np.array([[0.0, 1.0, 0.0]]), np.array([[0.6, 0.2, 0.0]])) == 0


def test_tolerance_is_a_distance():
    relevance = np.zeros((9, 9))
    relevance[4, 4] = 1
    heat = np.zeros((9, 9))
    heat[4, 7] = 1
    assert [causal_pointing(heat, relevance, by) for by in (0, 2.9, 3)] == [0, 0, 1]


@given(st.integers(0, 10_000))
def test_ranking_counts_pairs_of_pixels(seed):
    rng = np.random.default_rng(seed)
    heat, mask = rng.integers(0, 5, (5, 5)).astype(float), rng.random((5, 5)) < 0.4
    if mask.all() or not mask.any():
        return
    inside, outside = heat[mask][:, None], heat[~mask][None]
    expected = ((inside > outside) + 0.5 * (inside == outside)).mean()
    assert causal_ranking(heat, mask * 0.3) == pytest.approx(expected)
    assert causal_ranking(np.ones((5, 5)), mask * 0.3) == pytest.approx(0.5)


def test_nothing_in_sight():
    heat = np.array([[1.0, np.nan]])
    for metric in (*METRICS, causal_ranking):
        assert np.isnan(metric(heat, np.zeros((1, 2))))
        assert np.isnan(metric(heat, np.array([[0.0, 1.0]])))


def test_what_is_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        causal_share(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="negative"):
        causal_precision(np.ones((1, 2)), np.array([[1.0, -1.0]]))
