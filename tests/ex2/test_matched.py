"""The policy describes from where it had the KL that is asked for."""

import pytest
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import mark_whole
from vlminterp_ex2.matched import nearest_to

from vlminterp.errors import ConfigError

ROWS = [{"step": n, "kl": n + (-1) ** n * 0.5} for n in range(1, 9)]
"""KL grows by one nat a step, but for noise that the steps around make up for."""


@pytest.mark.parametrize(("target", "step"), [(None, 8), (0.1, 2), (3.0, 4), (5.4, 6), (50.0, 8)])
@pytest.mark.parametrize("updates", [1, 3])
def test_the_nearest_checkpoint(tmp_path, tiny_config, target, step, updates):
    """Checkpoints are numbered by the optimiser's steps, of which each of ours may have some."""
    config = tiny_config(target_kl=target, save_every=2, mini_batches=1, epochs=updates)
    for saved in (2, 4, 6, 8):
        checkpoint = tmp_path / f"checkpoint-{saved * updates}"
        checkpoint.mkdir()
        (checkpoint / "trainer_state.json").write_text('{"log_history": []}')
        mark_whole(tmp_path, saved * updates)
    last = Alignment(tmp_path / f"checkpoint-{8 * updates}", 8, None)
    found = nearest_to(ROWS, last, config)
    assert (found.steps, found.checkpoint.name) == (step, f"checkpoint-{step * updates}")


def test_a_target_is_above_zero(tiny_config):
    with pytest.raises(ConfigError, match=r"target_kl=0\.0 must be above 0"):
        tiny_config(target_kl=0.0)
