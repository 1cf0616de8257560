"""Best-of-n against all ways to draw n, the tilt against its closed form."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vlminterp_ex2.baselines import best_of_n, tilt

REWARDS = st.lists(st.floats(-50, 50), min_size=1, max_size=7, unique=True)


@settings(deadline=None)
@given(REWARDS, st.data())
def test_best_of_n_is_the_mean_over_all_ways_to_draw(rewards, data):
    n = data.draw(st.integers(1, len(rewards)))
    held_out = data.draw(st.lists(st.floats(-9, 9), min_size=len(rewards), max_size=len(rewards)))
    drawn = [max(some) for some in combinations(zip(rewards, held_out, strict=True), n)]
    found = best_of_n(rewards, held_out, n)
    expected = np.mean(drawn, axis=0)
    assert (found.reward, found.held_out) == pytest.approx(tuple(expected), abs=1e-9)
    assert found.kl == pytest.approx(np.log(n) - (n - 1) / n)
    assert 1 - 1e-9 <= found.effective <= len(rewards) + 1e-9


def test_kl_of_best_of_n_is_that_of_uniform_rewards():
    """KL(best of n ‖ reference) = ∫ n uⁿ⁻¹ ln(n uⁿ⁻¹) du."""
    middle = (np.arange(200_000) + 0.5) / 200_000
    for n in (2, 8):
        density = n * middle ** (n - 1)
        assert best_of_n([1.0] * n, [0.0] * n, n).kl == pytest.approx(
            np.mean(density * np.log(density)), abs=1e-4
        )


@settings(deadline=None)
@given(REWARDS, st.floats(0.05, 20))
def test_tilt_maximises_reward_less_beta_kl(rewards, beta):
    found = tilt(rewards, rewards, beta)
    assert found.held_out == pytest.approx(found.reward)
    # the optimum's value is β ln E exp(r/β)
    shifted = np.array(rewards) - max(rewards)
    optimum = max(rewards) + beta * np.log(np.mean(np.exp(shifted / beta)))
    assert found.reward - beta * found.kl == pytest.approx(optimum, abs=1e-6)
    assert -1e-9 <= found.kl <= np.log(len(rewards)) + 1e-9


def test_a_small_beta_takes_the_best_alone():
    found = tilt([1.0, 30.0, 2.0], [5.0, 6.0, 7.0], 0.2)
    assert (found.reward, found.held_out, found.effective) == pytest.approx((30, 6, 1))


def test_without_held_out_images_there_is_no_held_out_reward():
    nothing = [np.nan, np.nan]
    assert np.isnan(best_of_n([1.0, 2.0], nothing, 2).held_out)
    assert best_of_n([1.0, 2.0], nothing, 2).reward == 2.0
