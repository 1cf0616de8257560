"""The recipe, killed and started again, ends where it would have ended."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "experiments.planted.train", "--threads=1"]
    command += ["--steps=6", "--batch=8", "--every=2", f"--work={folder}", f"--out={folder}/model"]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def finish(process: subprocess.Popen) -> str:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    return out


@pytest.mark.slow
def test_a_killed_training_goes_on(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(whole))
    process = start(broken)
    while not process.stdout.readline().startswith("step 2"):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert "step 2:" not in finish(start(broken))
    weights = "model/model.safetensors"
    assert (whole / weights).read_bytes() == (broken / weights).read_bytes()
