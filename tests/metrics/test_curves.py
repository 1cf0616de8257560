"""Insertion and deletion against scores whose curves are worked out on paper."""

from itertools import pairwise
from math import erf

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.metrics.curves import deletion, insertion, keep_minus_delete, word_deletion
from vlminterp.metrics.fills import blurred_picture, mean_colour
from vlminterp.metrics.parts import evenly, hottest, on_pixels, replaced


def additive(weights):
    """Scores a picture by a weighted sum of its patches' mean values."""
    rows, columns = weights.shape

    def score(pictures):
        patches = torch.nn.functional.adaptive_avg_pool2d(pictures, (rows, columns)).mean(1)
        return (patches * weights).sum((1, 2))

    return score


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([(2, 3), (4, 4), (3, 1)]))
def test_additive_scores_have_curves_of_partial_sums(seed, grid):
    generator = torch.Generator().manual_seed(seed)
    weights = torch.rand(grid, generator=generator, dtype=torch.float64)
    heat = torch.rand(grid, generator=generator)
    values = torch.ones(3, 4 * grid[0], 5 * grid[1], dtype=torch.float64)
    parts = heat.numel()
    deleted = deletion(additive(weights), values, heat, mean_colour(values), parts)
    inserted = insertion(additive(weights), values, heat, mean_colour(values), parts)
    ordered = sorted(zip(heat.flatten().tolist(), weights.flatten().tolist(), strict=True))[::-1]
    gone = [sum(weight for _, weight in ordered[:k]) for k in range(parts + 1)]
    assert deleted.shares.tolist() == pytest.approx([k / parts for k in range(parts + 1)])
    assert deleted.scores.tolist() == pytest.approx([gone[-1] - one for one in gone])
    assert inserted.scores.tolist() == pytest.approx(gone)
    area = sum((a + b) / 2 for a, b in pairwise(gone)) / parts
    assert inserted.area == pytest.approx(area)
    assert keep_minus_delete(inserted, deleted) == pytest.approx(2 * area - gone[-1])


def test_the_true_map_has_the_best_areas():
    weights = torch.rand(4, 4, generator=torch.Generator().manual_seed(0))
    values, fill = torch.ones(3, 8, 8), torch.zeros(3, 8, 8)
    others = [torch.rand(4, 4, generator=torch.Generator().manual_seed(s)) for s in range(1, 9)]
    score = additive(weights)
    best = insertion(score, values, weights, fill).area, deletion(score, values, weights, fill).area
    for heat in (*others, -weights):
        assert insertion(score, values, heat, fill).area < best[0]
        assert deletion(score, values, heat, fill).area > best[1]


def test_a_constant_map_has_nothing_to_keep_on_average():
    """Over orders of its ties, for a score that is not additive at all."""
    values = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    fill = torch.zeros(3, 8, 8)

    def score(pictures):
        return pictures[:, 0, :2, :2].mean((1, 2)) ** 2 + pictures.mean((1, 2, 3)).exp()

    def gap(heat, seed):
        inserted = insertion(score, values, heat, fill, 8, (1.0, 1.0), seed)
        return keep_minus_delete(inserted, deletion(score, values, heat, fill, 8, seed=seed))

    gaps = [gap(torch.ones(4, 4), seed) for seed in range(300)]
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / 300**0.5
    assert np.std(gaps) > 0.01
    aware = torch.zeros(4, 4)
    aware[0, 0] = 1
    assert gap(aware, 0) > np.mean(gaps) + np.std(gaps)


def test_each_step_takes_patches_whole_and_no_other_pixels():
    values, fill = torch.rand(3, 7, 10), torch.rand(3, 7, 10)
    patches = torch.zeros(1, 2, 3, dtype=torch.bool)
    patches[0, 1, 2] = True
    (changed,) = replaced(values, fill, patches, (6 / 7, 0.9))
    own = torch.zeros(7, 10, dtype=torch.bool)
    own[3:6, 6:9] = True
    assert torch.equal(changed[:, own], fill[:, own])
    assert torch.equal(changed[:, ~own], values[:, ~own])


def test_patches_beyond_the_picture_are_cut():
    mask = on_pixels(torch.tensor([[[False, True]]]), (2, 6), (1.0, 4 / 3))
    assert mask[0].int().tolist() == [[0, 0, 0, 0, 1, 1]] * 2


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=9), st.integers(0, 99))
def test_hottest_is_nested_and_never_prefers_a_colder_part(scores, seed):
    heat = torch.tensor(scores, dtype=torch.float32)
    marked = hottest(heat, evenly(len(heat), len(heat)), seed)
    assert marked.sum(1).tolist() == list(range(len(heat) + 1))
    for fewer, more in pairwise(marked):
        assert not (fewer & ~more).any()
    for some in marked[1:-1]:
        assert heat[some].min() >= heat[~some].max()


def test_ties_are_broken_by_the_seed():
    orders = {tuple(hottest(torch.ones(6), torch.tensor([3]), s)[0].tolist()) for s in range(20)}
    assert len(orders) > 5
    first, again = (hottest(torch.ones(6), torch.tensor([3]), 1) for _ in range(2))
    assert torch.equal(first, again)


def test_words_go_one_by_one():
    weights = torch.tensor([1.0, 5.0, 2.0])
    curve = word_deletion(lambda kept: (kept * weights).sum(1), torch.tensor([0.2, 0.9, 0.3]))
    assert curve.scores.tolist() == [8, 3, 1, 0]
    assert curve.area == pytest.approx((4 + 3 + 1) / 3)


def test_a_blur_keeps_the_mean_and_loses_the_thing():
    values = torch.zeros(3, 64, 64)
    values[:, 28:36, 28:36] = 1
    blur = blurred_picture(values)
    assert blur.mean().item() == pytest.approx(values.mean().item(), abs=1e-4)
    peak = erf(4 / (0.08 * 64 * 2**0.5)) ** 2  # of a box of 8 × 8, by the Gaussian's integral
    assert blur.max().item() == pytest.approx(peak, abs=0.01)
    assert torch.allclose(blurred_picture(torch.full((3, 9, 5), 0.7)), torch.full((3, 9, 5), 0.7))


def test_what_is_refused():
    with pytest.raises(ValueError, match="doesn't fit"):
        deletion(additive(torch.ones(1, 1)), torch.ones(3, 4, 4), torch.ones(1, 1), torch.ones(3))
    with pytest.raises(ValueError, match="at least 1"):
        evenly(4, 0)
    with pytest.raises(ValueError, match="positive"):
        blurred_picture(torch.ones(3, 4, 4), 0)
