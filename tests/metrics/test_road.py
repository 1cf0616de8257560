"""ROAD's pictures against a slow twin that averages until nothing moves, and its score."""

from itertools import product

import numpy as np
import pytest
import torch

from vlminterp.metrics.road import imputed, road


def slow(picture, removed):
    """Each removed pixel becomes the weighted mean of its neighbours, again and again."""
    height, width = removed.shape
    picture = picture.clone()
    picture[:, removed] = 0
    for _ in range(3000):
        for y, x in removed.nonzero().tolist():
            total, weight = torch.zeros(3, dtype=picture.dtype), 0.0
            for down, across in product((-1, 0, 1), repeat=2):
                inside = 0 <= y + down < height and 0 <= x + across < width
                if (down or across) and inside:
                    own = 1 / 12 if down and across else 1 / 6
                    total += own * picture[:, y + down, x + across]
                    weight += own
            new = total / weight
            moved = (new - picture[:, y, x]).abs().max()
            picture[:, y, x] = new
        if moved < 1e-12:
            break
    return picture


def test_imputed_is_where_averaging_ends():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(3, 5, 6, dtype=torch.float64, generator=generator)
    removed = torch.rand(5, 6, generator=generator) < 0.5
    removed[0, 0] = removed[4, 5] = True
    found = imputed(values, removed, noise=0)
    assert torch.allclose(found, slow(values, removed), atol=1e-6)
    assert torch.equal(found[:, ~removed], values[:, ~removed])


def test_a_plane_is_continued():
    values = torch.linspace(0, 1, 9, dtype=torch.float64).expand(3, 9, 9)
    removed = torch.zeros(9, 9, dtype=torch.bool)
    removed[2:6, 3:7] = True
    assert torch.allclose(imputed(values, removed, noise=0), values, atol=1e-9)


def test_noise_is_on_removed_pixels_alone_and_seeded():
    values = torch.zeros(3, 32, 32)
    removed = torch.zeros(32, 32, dtype=torch.bool)
    removed[:16] = True
    first, again, other = (imputed(values, removed, 0.1, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first[:, ~removed].abs().max() == 0
    assert first[:, removed].std().item() == pytest.approx(0.1, rel=0.1)


def test_road_tells_the_true_map_from_its_opposite_and_from_none():
    """The score is the deviation in one corner, which is noise in the picture."""
    values = torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(0))

    def score(pictures):
        return pictures[:, :, :8, :8].flatten(1).std(1)

    heat = torch.zeros(4, 4)
    heat[0, 0] = 1
    assert road(score, values, heat) > 0.5
    assert road(score, values, -heat) < -0.5
    nothing = [road(score, values, torch.ones(4, 4), (0.5,), seed=seed) for seed in range(60)]
    assert abs(np.mean(nothing)) < 4 * np.std(nothing) / 60**0.5


def test_what_is_refused():
    with pytest.raises(ValueError, match="remove none, or all"):
        road(lambda pictures: pictures.mean((1, 2, 3)), torch.ones(3, 4, 4), torch.ones(2, 2), (1,))
    with pytest.raises(ValueError, match="nothing is left"):
        imputed(torch.ones(3, 2, 2), torch.ones(2, 2, dtype=torch.bool))
