"""Sensitivity-n: 1 for the contributions of an additive score, NumPy's correlation otherwise."""

import numpy as np
import pytest
import torch

from vlminterp.metrics.sensitivity import falls, random_sets, sensitivity_n


def test_contributions_of_an_additive_score_have_1():
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(4, 4, generator=generator)
    values = torch.rand(3, 8, 8, generator=generator)

    def score(pictures):
        patches = torch.nn.functional.avg_pool2d(pictures, 2).mean(1)
        return (patches * weights).sum((1, 2))

    contributions = torch.nn.functional.avg_pool2d(values, 2).mean(0) * weights
    sets = random_sets((4, 4), (2, 5, 9), 12)
    fell = falls(score, values, torch.zeros_like(values), sets)
    assert sensitivity_n(contributions, sets, fell) == pytest.approx(1, abs=1e-6)
    assert sensitivity_n(-contributions, sets, fell) == pytest.approx(-1, abs=1e-6)
    assert sensitivity_n(torch.ones(4, 4), sets, fell) == 0
    # a map of the right order and of wrong amounts is not as good
    assert sensitivity_n(contributions**3, sets, fell) < 0.99


def test_a_mean_of_correlations_within_sizes():
    rng = np.random.default_rng(0)
    sets = random_sets((3, 3), (2, 6), 8, seed=1)
    heat, fell = torch.from_numpy(rng.random((3, 3))), torch.from_numpy(rng.random(16))
    expected = []
    for some in (slice(0, 8), slice(8, 16)):
        sums = [float(heat[one].sum()) for one in sets[some]]
        expected.append(np.corrcoef(sums, fell[some])[0, 1])
    assert sensitivity_n(heat, sets, fell) == pytest.approx(np.mean(expected))


def test_sets_have_their_size_and_differ():
    sets = random_sets((3, 4), (1, 7), 20)
    assert sets.sum((1, 2)).tolist() == [1] * 20 + [7] * 20
    assert len({tuple(one.flatten().tolist()) for one in sets[20:]}) > 15


def test_a_score_that_never_moves_tells_nothing():
    sets = random_sets((2, 2), (1, 2), 5)
    assert np.isnan(sensitivity_n(torch.rand(2, 2), sets, torch.zeros(10)))
