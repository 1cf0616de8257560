"""Confidence drop and increase against a slow twin and an encoder whose answer is known."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from vlminterp.metrics.faithfulness import (
    confidence_drop,
    confidence_increase,
    coverage,
    masked_pixels,
    upsample,
)


def test_masked_pixels_slow_twin():
    values = torch.randn(3, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    maps = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(1))
    masked = masked_pixels(values, maps)
    for b in range(3):
        for c in range(3):
            for y in range(5):
                for x in range(4):
                    assert masked[b, c, y, x] == values[b, c, y, x] * maps[b, y, x]


def test_a_map_is_never_broadcast():
    """M2IB's evaluation multiplied every row of the image by the map's top row."""
    values = torch.ones(4, 3, 4, 4)
    for wrong in (torch.ones(4, 4), torch.ones(4, 1, 4), torch.ones(1, 4, 4), torch.ones(4, 2, 2)):
        with pytest.raises(ValueError, match="don't fit"):
            masked_pixels(values, wrong)


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_maps_must_lie_in_their_range(value):
    with pytest.raises(ValueError, match="must lie in"):
        masked_pixels(torch.ones(1, 3, 2, 2), torch.full((1, 2, 2), value))


def slow_upsample(grid, height, width):
    rows, columns = grid.shape
    drawn = torch.zeros(height, width, dtype=torch.float64)
    for i in range(height):
        for j in range(width):
            y = min(max((i + 0.5) * rows / height - 0.5, 0), rows - 1)
            x = min(max((j + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            v, u = y - top, x - left
            upper = grid[top, left] * (1 - u) + grid[top, right] * u
            lower = grid[bottom, left] * (1 - u) + grid[bottom, right] * u
            drawn[i, j] = upper * (1 - v) + lower * v
    return drawn


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 9)
)
def test_upsample_slow_twin(rows, columns, down, across, seed):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(2, rows, columns, dtype=torch.float64, generator=generator)
    drawn = upsample(maps, (rows * down, columns * across))
    for grid, one in zip(maps, drawn, strict=True):
        assert torch.allclose(one, slow_upsample(grid, rows * down, columns * across))


def test_known_encoder():
    """Channel means as embedding: keeping the red half keeps a red caption's cosine, or betters it.

    The picture is red on the left and blue on the right; its embedding is (1, 0, 1)/√2.
    """
    values = torch.zeros(4, 3, 2, 4, dtype=torch.float64)
    values[:, 0, :, :2] = 1
    values[:, 2, :, 2:] = 1
    maps = torch.zeros(4, 2, 4, dtype=torch.float64)
    maps[0, :, :2] = 1  # the red half
    maps[1, :, 2:] = 1  # the blue half
    maps[2] = 1  # everything
    maps[3, :, :2], maps[3, :, 2:] = 0.5, 1.0  # blue before red
    caption = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)

    def similarity(pixels):
        return functional.normalize(pixels.mean((2, 3)), dim=-1) @ caption

    whole, masked = similarity(values), similarity(masked_pixels(values, maps))
    root = 0.5**0.5
    drop = [0, 100 * root, 0, 100 * (root - 0.2**0.5)]
    assert confidence_drop(whole, masked).tolist() == pytest.approx(drop)
    assert confidence_increase(whole, masked).tolist() == [100, 0, 0, 0]
    assert coverage(maps).tolist() == [0.5, 0.5, 1, 0.75]


@given(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))
def test_drop_and_increase_exclude_each_other(before, after):
    whole, masked = torch.tensor([before]), torch.tensor([after])
    drop, increase = confidence_drop(whole, masked), confidence_increase(whole, masked)
    assert drop.item() == pytest.approx(100 * max(0.0, before - after), abs=1e-4)
    assert increase.item() in (0, 100)
    assert drop.item() * increase.item() == 0
    assert drop.item() <= 200


def test_rounding_is_no_increase():
    whole = torch.tensor([0.3, 0.3])
    assert confidence_increase(whole, whole + torch.tensor([1e-6, 1e-3])).tolist() == [0, 100]
    assert confidence_increase(whole, whole + torch.tensor([1e-6, 0]), 0).tolist() == [100, 0]
