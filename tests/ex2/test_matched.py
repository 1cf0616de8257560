"""The policy describes from where it had the KL that is asked for."""

import pytest
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import mark_whole
from vlminterp_ex2.matched import nearest_to

from vlminterp.errors import ConfigError
from vlminterp.results.run_folder import RunFolder


@pytest.mark.parametrize(("target", "step"), [(None, 8), (0.1, 2), (3.0, 4), (5.4, 6), (50.0, 8)])
def test_the_nearest_checkpoint(tmp_path, target, step):
    """KL grows by one nat a step, but for noise that the steps around make up for."""
    with RunFolder.open(tmp_path, {"names": {}}) as results:
        steps = [{"step": n, "kl": n + (-1) ** n * 0.5} for n in range(1, 9)]
        results.table("align").write(0, steps, {})
        for saved in (2, 4, 6, 8):
            (results.work("align") / f"checkpoint-{saved}").mkdir(parents=True)
            mark_whole(results.work("align"), saved)
        last = results.work("align") / "checkpoint-8"
        found = nearest_to(results, Alignment(last, 8, None), target, window=2)
        assert (found.steps, found.checkpoint.name) == (step, f"checkpoint-{step}")


def test_a_target_is_above_zero(tiny_config):
    with pytest.raises(ConfigError, match=r"target_kl=0\.0 must be above 0"):
        tiny_config(target_kl=0.0)
