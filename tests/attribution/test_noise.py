"""Noise from counters: Random123's known answers, and what noise must be."""

import pytest
import torch
from scipy import stats

from vlminterp.attribution.counted_noise import philox, standard_normal
from vlminterp.attribution.noise import PairNoise

KNOWN = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text):
    return [torch.tensor(int(word, 16)) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_known_answers_of_philox(counter, key, answer):
    assert [f"{int(word):08x}" for word in philox(words(counter), words(key))] == answer.split()


def test_it_is_standard_normal_and_no_two_places_have_the_same():
    seeds = torch.tensor([3, 2**62 + 5])
    noise = torch.cat([standard_normal(seeds, draw, 3, 20, 64) for draw in range(8)])
    assert stats.kstest(noise.flatten().numpy(), "norm").pvalue > 1e-3
    series = noise.reshape(-1, 64 * 20)
    correlations = torch.corrcoef(series) - torch.eye(len(series))
    assert correlations.abs().max() < 5 / (64 * 20) ** 0.5
    assert noise.unique().numel() > 0.99 * noise.numel()


def draws(seeds, lengths, tokens, counted=True, antithetic=True):
    like = torch.zeros(len(seeds), tokens, 6)
    noise = PairNoise(seeds, lengths, 4, like, antithetic=antithetic, counted=counted)
    return torch.stack([noise(), noise()])


@pytest.mark.parametrize("counted", [True, False])
def test_a_pair_has_the_same_noise_in_every_batch(counted):
    together = draws([7, 8], [3, 5], 5, counted)
    alone = draws([7], [3], 3, counted)
    assert torch.equal(together[:, :1, :, :3], alone)
    assert not together[:, 0, :, 3:].any(), "padding"
    assert not torch.equal(together[0], together[1]), "each draw is another"


@pytest.mark.parametrize("counted", [True, False])
def test_half_of_antithetic_copies_is_minus_the_other(counted):
    noise = draws([7, 8], [5, 5], 5, counted)
    assert torch.equal(noise[:, :, 2:], -noise[:, :, :2])
    assert not torch.equal(noise[:, :, 0], noise[:, :, 1])
