"""The experiment on the reward's speed: its rivals compute the same reward, or it says so."""

import pytest
import torch
from torch.nn.functional import normalize
from vlminterp_ex2.reward import reward

from experiments.benchmarks.ex2_reward_speed.measure import SCALE, Step, by_loop, by_matrix, times
from vlminterp.description.class_means import ClassMeans
from vlminterp.description.fit import Fit

T, K, N, D = 7, 3, 5, 6


@pytest.fixture
def drawn():
    """Text embeddings and a step whose rewards are theirs."""
    generator = torch.Generator().manual_seed(0)
    texts, images = (
        normalize(torch.randn(*shape, generator=generator), dim=-1) for shape in ((T, D), (K, N, D))
    )
    names = tuple("abc")
    classes = ClassMeans(names, names, images.mean(1), (N,) * K)
    return texts, Step(["text"] * T, [0, 1, 2, 0, 1, 2, 0], images, classes)


def test_the_rivals_earn_the_same(drawn):
    texts, step = drawn
    ours = reward(texts, torch.tensor(step.own), step.classes.means, Fit.own, SCALE)
    for rival in (by_loop, by_matrix):
        torch.testing.assert_close(rival(texts, step), ours, atol=1e-4, rtol=0)


def test_another_reward_is_no_rival(drawn):
    texts, step = drawn
    ways = {"ours": lambda: by_matrix(texts, step), "other": lambda: 2 * by_matrix(texts, step)}
    with pytest.raises(ValueError, match="other: other rewards than ours"):
        times(ways, 1)
    assert set(times({"ours": ways["ours"]}, 3)) == {"ours"}
