"""Localisation against closed forms, slow twins and planted masks."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vlminterp.adapters.dual_encoder import Geometry
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.metrics.baselines import centre_gaussian, constant_map, random_map
from vlminterp.metrics.facts import METRICS
from vlminterp.metrics.localisation import average_precision, energy_in_mask, pointing_game

ALL = [pointing_game, energy_in_mask, average_precision]
# Small integers make ties; multiples of a power of two keep their order exactly when scaled.
SCORES = st.one_of(st.integers(-4, 4).map(float), st.integers(-1000, 1000).map(lambda x: x / 64))


@st.composite
def judged(draw, elements=SCORES):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=2, max_side=7))
    heat = draw(hnp.arrays(np.float64, shape, elements=elements))
    mask = draw(hnp.arrays(np.bool_, shape))
    assume(mask.any())
    return heat, mask


def slow_pointing(heat, mask):
    best = max(heat.flat)
    tops = [inside for score, inside in zip(heat.flat, mask.flat, strict=True) if score == best]
    return sum(tops) / len(tops)


def slow_energy(heat, mask):
    pairs = [(max(score, 0.0), inside) for score, inside in zip(heat.flat, mask.flat, strict=True)]
    total = sum(score for score, _ in pairs)
    if total == 0:
        return sum(inside for _, inside in pairs) / len(pairs)
    return sum(score for score, inside in pairs if inside) / total


def slow_precision(heat, mask):
    """The definition: precision at each distinct threshold, weighed by the recall gained there."""
    pairs = list(zip(heat.flat, mask.flat, strict=True))
    positives = sum(inside for _, inside in pairs)
    total, recall_before = 0.0, 0.0
    for threshold in sorted({score for score, _ in pairs}, reverse=True):
        taken = [inside for score, inside in pairs if score >= threshold]
        recall = sum(taken) / positives
        total += (recall - recall_before) * sum(taken) / len(taken)
        recall_before = recall
    return total


@pytest.mark.parametrize(
    ("fast", "slow"),
    [
        (pointing_game, slow_pointing),
        (energy_in_mask, slow_energy),
        (average_precision, slow_precision),
    ],
)
@settings(deadline=None)
@given(data=judged())
def test_slow_twin(fast, slow, data):
    assert fast(*data) == pytest.approx(slow(*data), abs=1e-12)


def test_scikit_learns_own_example():
    # sklearn.metrics.average_precision_score's docstring
    value = average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1], bool))
    assert value == pytest.approx(0.8333333)


@pytest.mark.parametrize("metric", ALL)
@settings(deadline=None)
@given(data=judged(), seed=st.integers(0, 99), power=st.integers(-20, 20))
def test_order_of_pixels_and_scale_do_not_matter(metric, data, seed, power):
    heat, mask = data
    order = np.random.default_rng(seed).permutation(heat.size)
    moved = metric(heat.ravel()[order] * 2.0**power, mask.ravel()[order])
    value = metric(heat, mask)
    assert moved == pytest.approx(value, abs=1e-12)
    low, high = METRICS[metric.__name__].range
    assert low <= value <= high


@pytest.mark.parametrize("metric", [pointing_game, average_precision])
@settings(deadline=None)
@given(data=judged())
def test_only_the_ranking_matters(metric, data):
    heat, mask = data
    assert metric(np.exp(heat / 16), mask) == pytest.approx(metric(heat, mask))


@pytest.mark.parametrize("metric", ALL)
@settings(deadline=None)
@given(data=judged(), value=st.sampled_from([-3.0, 0.0, 0.1, 7.0]))
def test_a_constant_map_scores_the_area(metric, data, value):
    heat, mask = data
    assert metric(np.full_like(heat, value), mask) == pytest.approx(mask.mean())


@pytest.mark.parametrize("metric", ALL)
@settings(deadline=None)
@given(data=judged(st.floats(0.5, 1)))
def test_the_mask_itself_is_perfect_and_its_opposite_the_worst(metric, data):
    noise, mask = data
    assert metric(noise * mask, mask) == 1
    assume(not mask.all())
    worst = mask.mean() if metric is average_precision else 0  # its ranking ends in a tie
    assert metric(noise * ~mask, mask) <= worst + 1e-12


@pytest.mark.parametrize("metric", ALL)
@settings(deadline=None)
@given(data=judged(), seed=st.integers(0, 99))
def test_unseen_pixels_are_not_judged(metric, data, seed):
    heat, mask = data
    unseen = np.random.default_rng(seed).random(heat.shape) < 0.4
    value = metric(np.where(unseen, np.nan, heat), mask)
    if mask[~unseen].any():
        assert value == pytest.approx(metric(heat[~unseen], mask[~unseen]), abs=1e-12)
    else:
        assert np.isnan(value)


@pytest.mark.parametrize("metric", ALL)
def test_nothing_to_find(metric):
    assert np.isnan(metric(np.ones((2, 2)), np.zeros((2, 2), bool)))
    assert np.isnan(metric(np.full((2, 2), np.nan), np.ones((2, 2), bool)))


@pytest.mark.parametrize("metric", ALL)
def test_wrong_numbers_raise(metric):
    with pytest.raises(ValueError, match="same shape"):
        metric(np.ones((2, 3)), np.ones((3, 2), bool))
    with pytest.raises(ValueError, match="infinite"):
        metric(np.array([1.0, np.inf]), np.array([True, False]))


@pytest.mark.parametrize("scale", [1e-320, 1e300, 1.7e308])
def test_extreme_scores_neither_overflow_nor_vanish(scale):
    heat = np.array([1.0, 1.0, 0.5, 0.5]) * scale
    mask = np.array([True, False, False, False])
    assert energy_in_mask(heat, mask) == pytest.approx(1 / 3, rel=1e-3)


@pytest.mark.parametrize("metric", ALL)
def test_maps_drawn_on_a_picture(metric):
    """A planted object in the lower right of a landscape picture of which the centre was seen."""
    geometry = Geometry((64, 96), (16.0, 0.0, 80.0, 64.0))
    mask = np.zeros((64, 96), bool)
    mask[40:56, 56:72] = True
    hot = np.zeros((8, 8), np.float32)
    hot[5:7, 5:7] = 1  # the object's own patches
    right = metric(place_on_image(hot, geometry), mask)
    wrong = metric(place_on_image(hot[::-1, ::-1].copy(), geometry), mask)
    constant = metric(place_on_image(constant_map(8, 8), geometry), mask)
    assert right > 0.6
    assert wrong <= (constant if metric is average_precision else 0)
    assert constant == mask[:, 16:80].mean()  # bilinear drawing breaks no tie


def test_controls():
    assert np.array_equal(random_map(3, 4, 7), random_map(3, 4, 7))
    assert not np.array_equal(random_map(3, 4, 7), random_map(3, 4, 8))
    bell = centre_gaussian(4, 6, sigma=0.3)
    for y, row in enumerate(bell):
        for x, value in enumerate(row):
            offset = ((y + 0.5) / 4 - 0.5, (x + 0.5) / 6 - 0.5)
            distance = offset[0] ** 2 + offset[1] ** 2
            assert value == pytest.approx(np.exp(-distance / (2 * 0.3**2)), rel=1e-6)
    for baseline in (random_map(3, 4, 0), constant_map(3, 4), centre_gaussian(3, 4)):
        assert baseline.shape == (3, 4)
        assert baseline.dtype == np.float32
        assert baseline.min() >= 0
        assert baseline.max() <= 1
    with pytest.raises(ValueError, match="must be positive"):
        centre_gaussian(3, 3, sigma=0)


def test_random_maps_point_at_the_mask_by_its_area():
    mask = np.zeros((8, 8), bool)
    mask[2:6, 1:5] = True
    points = [pointing_game(random_map(8, 8, seed), mask) for seed in range(2000)]
    assert np.mean(points) == pytest.approx(mask.mean(), abs=4 * np.sqrt(0.25 * 0.75 / 2000))
