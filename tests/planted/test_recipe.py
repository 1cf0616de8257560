"""The recipe: its loss, and that killed and started again it ends where it would have ended."""

import signal
from pathlib import Path

import pytest
import torch

from tests.warm import Warm

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recipe(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from experiments.recipes.planted import train

    return train


def test_the_loss_ignores_true_captions_of_other_scenes(recipe):
    """A slow twin: each caption competes with the false ones only, in both directions."""
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 4, dtype=torch.float64)
    true = torch.rand(2, 4, 4) < 0.4
    true |= torch.eye(4, dtype=torch.bool)
    losses = []
    for k in range(2):
        for i in range(4):
            captions = [logits[k, i, j] for j in range(4) if j == i or not true[k, i, j]]
            scenes = [logits[k, j, i] for j in range(4) if j == i or not true[k, j, i]]
            losses += [torch.stack(r).logsumexp(0) - logits[k, i, i] for r in (captions, scenes)]
    expected = torch.stack(losses).mean()
    assert torch.allclose(recipe.contrastive_loss(logits, true), expected)


def test_a_step_sees_what_its_number_says(recipe):
    stage = recipe.Stage(4, captions=2, half_patches=0.5)
    plan = recipe.Recipe((stage, stage), batch=3)
    one, two = (recipe.make_batch(plan, 5) for _ in range(2))
    assert one.texts == two.texts
    assert len(one.texts) == 6
    assert torch.equal(one.pixels, two.pixels)
    assert one.true.shape == (2, 3, 3)
    assert one.true.diagonal(dim1=1, dim2=2).all()
    halved = [recipe.kept_patches(plan, step) is not None for step in range(8)]
    assert halved == [True, True, False, False] * 2


VISION = ("train", "--batch=8")
TEXT = ("plant", "planted-habitat", "--scenes=200")


def start(recipe: tuple[str, ...], folder: Path) -> Warm:
    module, *options = recipe
    options += ["--threads=1", "--steps=6", "--every=2", f"--work={folder}"]
    return Warm(f"experiments.recipes.planted.{module}", [*options, f"--out={folder}/model"], ROOT)


def finish(process: Warm) -> str:
    code, out, err = process.finish()
    assert code == 0, err
    return out


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [VISION, TEXT], ids=["vision", "text"])
def test_a_killed_training_goes_on(recipe, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(recipe, whole))
    process = start(recipe, broken)
    process.wait_to_say("step 2:")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert "step 2:" not in finish(start(recipe, broken))
    weights = "model/model.safetensors"
    assert (whole / weights).read_bytes() == (broken / weights).read_bytes()
