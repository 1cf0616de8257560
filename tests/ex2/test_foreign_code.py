"""Nothing that comes with a policy's checkpoint is run, whatever stands on stdin."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from vlminterp_ex2.policy import load_model, load_tokenizer
from vlminterp_ex2.settings import PolicyConfig

from vlminterp.errors import ModelError

PLANTED = """
from pathlib import Path
Path(r"{witness}").write_text("ran")
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
class Config(LlamaConfig): model_type = "planted-remote"
class Model(LlamaForCausalLM): config_class = Config
class Tokenizer(PreTrainedTokenizerFast): pass
"""
TRY = """
import sys
from vlminterp_ex2.policy import load_model, load_tokenizer
from vlminterp_ex2.settings import PolicyConfig
import torch
config = PolicyConfig(checkpoint=sys.argv[1], trust_remote_code=sys.argv[3] == "yes")
if sys.argv[2] == "tokenizer":
    load_tokenizer(config)
else:
    load_model(config, torch.device("cpu"))
"""


class Witness:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def remote(tiny_policy, tmp_path):
    """A folder whose auto_map names a file of its own."""
    folder = shutil.copytree(tiny_policy, tmp_path / "remote")
    (folder / "planted.py").write_text(PLANTED.format(witness=tmp_path / "witness"))
    for name, added in (
        (
            "config.json",
            {
                "model_type": "planted-remote",
                "auto_map": {
                    "AutoConfig": "planted.Config",
                    "AutoModelForCausalLM": "planted.Model",
                },
            },
        ),
        (
            "tokenizer_config.json",
            {
                "tokenizer_class": "Tokenizer",
                "auto_map": {"AutoTokenizer": [None, "planted.Tokenizer"]},
            },
        ),
    ):
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **added}))
    return folder


def attempt(remote, what, trusted, tmp_path):
    command = [sys.executable, "-c", TRY, str(remote), what, trusted]
    environment = {**os.environ, "HF_HOME": str(tmp_path / "hf")}
    return subprocess.run(
        command, input="y\n" * 20, capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("what", ["tokenizer", "model"])
def test_a_planted_file_does_not_run_though_stdin_says_yes(remote, what, tmp_path):
    outcome = attempt(remote, what, "no", tmp_path)
    assert not (tmp_path / "witness").exists(), outcome.stderr
    assert outcome.returncode != 0
    assert outcome.stderr.splitlines()[-1].startswith("vlminterp.errors.ModelError: ")


@pytest.mark.slow
def test_it_runs_where_it_is_trusted(remote, tmp_path):
    outcome = attempt(remote, "model", "yes", tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert (tmp_path / "witness").exists()


def pickled(folder, content):
    (folder / "model.safetensors").unlink()
    torch.save(content, folder / "pytorch_model.bin")


def test_pickled_tensors_are_read_without_being_asked(tiny_policy, tmp_path):
    folder = shutil.copytree(tiny_policy, tmp_path / "pickled")
    whole = load_model(PolicyConfig(checkpoint=str(tiny_policy)), torch.device("cpu"))
    pickled(folder, whole.state_dict())
    found = load_model(PolicyConfig(checkpoint=str(folder)), torch.device("cpu"))
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], tensor, rtol=0, atol=0)


def test_a_pickle_that_holds_code_is_one_line_and_does_not_run(tiny_policy, tmp_path):
    folder = shutil.copytree(tiny_policy, tmp_path / "evil")
    pickled(folder, {"lm_head.weight": Witness(tmp_path / "witness")})
    with pytest.raises(ModelError) as raised:
        load_model(PolicyConfig(checkpoint=str(folder)), torch.device("cpu"))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "witness").exists()


def test_tokenizers_too_are_refused_in_one_line(remote, tmp_path):
    with pytest.raises(ModelError) as raised:
        load_tokenizer(PolicyConfig(checkpoint=str(remote)))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "witness").exists()
