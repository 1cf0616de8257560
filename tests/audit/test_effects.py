"""Effects of exchanges, against models whose score is written down."""

import numpy as np
import pytest
from vlminterp_audit.effects import effects


def grid(object_, context, interaction=0.0, pictures=6, others=3, noise=0.0):
    """Scores that are a sum of known effects: own parts come first."""
    own = np.r_[1.0, np.zeros(others)]
    score = object_ * own[:, None] + context * own + interaction * own[:, None] * own
    wobble = np.random.default_rng(0).normal(0, noise, (pictures, others + 1, others + 1))
    return score + wobble


@pytest.mark.parametrize(
    ("object_", "context", "interaction"),
    [(0.8, 0.0, 0.0), (0.0, 0.5, 0.0), (0.3, 0.2, 0.1), (0.0, 0.0, 0.6), (0.4, -0.1, 0.0)],
)
def test_effects_are_those_that_made_the_scores(object_, context, interaction):
    found = effects(grid(object_, context, interaction))
    # Where both are needed, each gets half of what they do together.
    assert found.object == pytest.approx(object_ + interaction / 2)
    assert found.context == pytest.approx(context + interaction / 2)
    assert found.interaction == pytest.approx(interaction)
    assert found.total == pytest.approx(object_ + context + interaction)


def test_shares_sum_to_one_and_have_intervals_that_hold_the_truth():
    object_, context = effects(grid(0.6, 0.2, pictures=200, noise=0.3)).shares()
    assert object_.mean + context.mean == pytest.approx(1)
    assert object_.low < 0.75 < object_.high
    assert context.low < 0.25 < context.high


def test_a_name_that_nothing_moves_has_no_shares():
    assert all(np.isnan(share.mean) for share in effects(grid(0.0, 0.0)).shares())


def test_what_the_others_objects_do_on_average_does_not_count():
    scores = grid(0.5, 0.2)
    shifted = scores + np.random.default_rng(1).normal(size=(6, 1, 1))
    assert effects(shifted).object == pytest.approx(effects(scores).object)
    assert effects(shifted).context == pytest.approx(effects(scores).context)
