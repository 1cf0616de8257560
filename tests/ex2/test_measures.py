"""What is noted of a step, and what ends training."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vlminterp_ex2.measures import Batch, measure, zero_spread
from vlminterp_ex2.stopping import Rules

FINE = {"loss": 0.0, "kl": 3.0, "empty": 0.0, "zero_spread": 0.1, "clipped": 0.0}


def test_a_step_in_numbers():
    batch = Batch(
        texts=["An owl.", "An owl.", "", "Big bats."],
        names=["owl", "owl", "bat", "bat"],
        rewards=[10.0, 10.0, None, 30.0],
        lengths=[3, 3, 8, 4],
        clipped=[False, False, True, False],
        cut=[False, False, True, False],
    )
    found = measure(batch, [-3.0, -3.0, -8.0, -4.0], [1.0, 2.0, -1.0, 6.0], group=2)
    assert found["reward"] == pytest.approx(50 / 3)
    assert found["reward_std"] == pytest.approx(math.sqrt(800 / 9))
    assert found["kl"] == 2.0  # a mean of sums: nats per response, not per token
    assert found["perplexity"] == pytest.approx(math.e)  # 18 nats in 18 tokens
    assert found["length"] == 4.5
    assert found["distinct_1"] == 4 / 6
    assert found["distinct_2"] == 2 / 3
    assert found["names_concept"] == 1.0  # of three texts; the empty one is none
    assert found["zero_spread"] == 0.5
    assert found["clipped"] == found["cut"] == found["empty"] == 0.25


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([None, 1.0, 2.0]), min_size=12, max_size=12),
    st.sampled_from([2, 3, 4]),
)
def test_zero_spread_counts_groups_with_one_reward(rewards, group):
    groups = [rewards[start : start + group] for start in range(0, 12, group)]
    expected = sum(len(set(some)) == 1 for some in groups) / len(groups)
    assert zero_spread(rewards, group) == pytest.approx(expected)


def test_rounding_is_no_spread():
    assert zero_spread([25.0, 25.000002], 2) == 1
    assert zero_spread([25.0, 25.001], 2) == 0


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"kl": 51.0}, "KL was above 50 nats"),
        ({"empty": 1.0}, "no response held a whole sentence"),
        ({"zero_spread": 1.0}, "earned the same"),
        ({"clipped": 1.0}, "unlearnt to stop"),
    ],
)
def test_training_ends_with_a_reason(wrong, complaint):
    rules, bad = Rules(max_kl=50, patience=3), FINE | wrong
    assert complaint in rules.reason([FINE, bad, bad, bad])
    assert rules.reason([FINE, bad, bad]) is None
    assert rules.reason([bad, bad, FINE, bad]) is None


@pytest.mark.parametrize("name", ["loss", "kl"])
def test_what_is_no_number_ends_training_at_once(name):
    assert "no number" in Rules(50, 3).reason([FINE | {name: math.nan}])


def test_a_model_that_never_ended_its_responses_has_unlearnt_nothing():
    never = FINE | {"clipped": 1.0}
    assert Rules(50, 2).reason([never] * 9) is None
