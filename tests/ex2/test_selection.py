"""Training and choosing under the same selection, worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from vlminterp_ex2.selection import plain_selections, selections
from vlminterp_ex2.selection_page import selection_table

BETA = 2.0


def said(concept, template, *rewards, kl=0.0):
    return [
        {"concept": concept, "template": template, "reward": r, "held_out": r - 1, "kl": kl}
        for r in rewards
    ]


@pytest.fixture
def base():
    """One prompt that brings high rewards whatever is answered, and one that never does."""
    rows = [*said("owl", 0, 40.0, 41.0), *said("owl", 1, 10.0, 11.0), *said("bat", 0, 5.0)]
    return pd.DataFrame(rows)


@pytest.fixture
def aligned():
    return pd.DataFrame([*said("owl", 0, 41.0, kl=3.0), *said("owl", 1, 11.0, kl=5.0)])


def weighted(rewards):
    weights = np.exp((np.array(rewards) - max(rewards)) / BETA)
    return weights / weights.sum()


def test_each_prompt_has_one_answer(base, aligned):
    """The tilt per prompt can't choose the prompt: it stays near the mean of both."""
    owl = {
        arm: found[0] for arm, found in selections(aligned, base, ["owl"], BETA)["prompt"].items()
    }
    each = [weighted(r) @ r for r in ([40.0, 41.0], [10.0, 11.0])]
    assert owl["tilt"].reward == pytest.approx(np.mean(each))
    assert owl["tilt"].held_out == pytest.approx(np.mean(each) - 1)
    assert (owl["base LLM"].reward, owl["best of n"].reward) == (25.5, 26.0)
    assert (owl["aligned"].reward, owl["aligned"].kl) == (26.0, 4.0)
    assert owl["tilt"].effective <= 2


def test_all_arms_may_choose_the_prompt(base, aligned):
    found = selections(aligned, base, ["owl"], BETA)["concept"]
    owl = {arm: chosen[0] for arm, chosen in found.items()}
    rewards = [40.0, 41.0, 10.0, 11.0]
    assert owl["tilt"].reward == pytest.approx(weighted(rewards) @ rewards)
    for arm in ("aligned", "best of n"):
        assert owl[arm].reward == pytest.approx(41, abs=1e-3)
    # who has chosen one of two answers is ln 2 nats from where they came from
    assert owl["aligned"].kl == pytest.approx(3 + np.log(2), abs=1e-3)
    assert owl["best of n"].kl == pytest.approx(np.log(2) - 1 / 2 + np.log(2), abs=1e-3)


def test_who_says_nothing_has_no_number(base, aligned):
    found = selections(aligned, base, ["bat", "owl", "cat"], BETA)
    assert [one is None for one in found["prompt"]["aligned"]] == [True, False, True]
    assert [one is None for one in found["concept"]["tilt"]] == [False, False, True]
    plain = plain_selections(found)
    assert plain["prompt"]["aligned"]["reward"]["n"] == 1
    assert plain["concept"]["tilt"]["reward"]["n"] == 2


def test_few_effective_responses_are_flagged(base, aligned):
    page = selection_table({"selection": plain_selections(selections(aligned, base, ["owl"], 2.0))})
    assert page.count("(few)") == 4  # the tilt per prompt, and all three arms below
    many = pd.DataFrame(said("owl", 0, *np.zeros(30)))
    found = plain_selections(selections(many, many, ["owl"], BETA))
    assert "30.0" in selection_table({"selection": found})
    assert selection_table({}) == ""
