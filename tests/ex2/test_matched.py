"""The policy describes from where it had the KL that is asked for."""

import pytest
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import mark_whole
from vlminterp_ex2.matched import missed, nearest_to

from vlminterp.errors import ConfigError
from vlminterp.report.page import render

ROWS = [{"step": n, "kl": n + (-1) ** n * 0.5} for n in range(1, 9)]
"""KL grows by one nat a step, but for noise that the steps around make up for."""


@pytest.fixture
def trained(tmp_path, tiny_config):
    """A training with checkpoints at steps 2, 4, 6 and 8, each of `updates` optimiser steps."""

    def make(target, updates):
        for saved in (2, 4, 6, 8):
            checkpoint = tmp_path / f"checkpoint-{saved * updates}"
            checkpoint.mkdir()
            (checkpoint / "trainer_state.json").write_text('{"log_history": []}')
            mark_whole(tmp_path, saved * updates)
        config = tiny_config(target_kl=target, save_every=2, mini_batches=1, epochs=updates)
        return ROWS, Alignment(tmp_path / f"checkpoint-{8 * updates}", 8, None), config

    return make


@pytest.mark.parametrize(("target", "step"), [(None, 8), (0.1, 2), (3.0, 4), (5.4, 6), (50.0, 8)])
@pytest.mark.parametrize("updates", [1, 3])
def test_the_nearest_checkpoint(trained, target, step, updates):
    """Checkpoints are numbered by the optimiser's steps, of which each of ours may have some."""
    found = nearest_to(*trained(target, updates))
    assert (found.steps, found.checkpoint.name) == (step, f"checkpoint-{step * updates}")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (None, None),
        (5.4, None),
        (50.0, "training came to 7.5 nats per response; raise plugin.steps"),
        (0.1, "the nearest checkpoint is at 1.8 nats per response; lower plugin.save_every"),
    ],
)
def test_a_target_that_was_missed_is_told(trained, target, told):
    """A VLM that prefers nothing leaves its language model where it was, whatever one aims at."""
    assert missed(*trained(target, 1)) == told


def test_a_run_off_its_target_says_so(finish):
    folder, err = finish("plugin.target_kl=1000")
    why = folder.summary["target_missed"]
    assert why.endswith("nats per response; raise plugin.steps")
    assert f"vlminterp: plugin.target_kl=1000: {why}\n" in err
    page = render(folder)
    assert "1000 nats per response" in page
    assert why in page


def test_a_target_is_above_zero(tiny_config):
    with pytest.raises(ConfigError, match=r"target_kl=0\.0 must be above 0"):
        tiny_config(target_kl=0.0)
