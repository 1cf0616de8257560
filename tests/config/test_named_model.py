"""`model=` and `load` take hub ids, ARCHITECTURE/TAG, hf-hub:ORG/NAME and folders as they are."""

import json
import shutil
import socket
from pathlib import Path

import pytest
import torch

import vlminterp
from vlminterp.adapters.by_files import with_adapter
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.adapters.open_clip import OpenCLIP
from vlminterp.adapters.settings import ModelConfig
from vlminterp.cli.main import run
from vlminterp.errors import ModelError, UserError
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep


@pytest.fixture
def command(picture_folder, tmp_path, monkeypatch, capsys):
    """A short M2IB over the tiny pictures; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    line = [
        "+plugin=m2ib", "plugin.sides=image", "plugin.image.steps=1", "data=folder",
        f"data.path={picture_folder}", "data.limit=1", "tracking=disabled", "device=cpu",
        "console=quiet",
    ]  # fmt: skip

    def run_line(*overrides):
        code = run([*line, *overrides])
        out, err = capsys.readouterr()
        return code, out, err

    return run_line


@pytest.fixture
def no_hub(monkeypatch):
    """Nothing may be asked while a line is composed, and loading says what it lacks."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    def connect(*_):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", connect)


def test_folders_are_loaded_by_what_is_in_them(hf_folder, open_clip_folder, captions):
    ours, theirs = vlminterp.load(str(hf_folder)), vlminterp.load(str(open_clip_folder))
    assert isinstance(ours, HFCLIP)
    assert isinstance(theirs, OpenCLIP)
    first, second = (one.encode_text(one.tokenize(captions)) for one in (ours, theirs))
    torch.testing.assert_close(first, second, rtol=0, atol=1e-5)


def test_options_go_on_top(hf_folder):
    assert vlminterp.load(str(hf_folder), dtype="float64").model.dtype == torch.float64
    with pytest.raises(UserError, match=r"no key 'dtyp'.*nearest: dtype"):
        vlminterp.load(str(hf_folder), dtyp="float64")


@pytest.mark.parametrize("name", ["my clip, (1) a=b", "plain"])
def test_a_folder_on_the_command_line(command, hf_folder, tmp_path, name):
    shutil.copytree(hf_folder, tmp_path / name)
    for written in (f"./{name}", f"{tmp_path}/{name}/"):
        code, out, err = command(f"model={written}")
        assert code == 0, err
        folder = Path(out.strip())
        assert folder.parts[:2] == ("outputs", "m2ib")
        assert folder.parts[2] in ("my-clip-1-a-b", "plain")
        assert RunFolder.read(folder).names["model"] == written.rstrip("/")


def test_a_sweep_over_folders_and_names(command, hf_folder, open_clip_folder, tmp_path):
    shutil.copytree(hf_folder, tmp_path / "my clip")
    models = ["planted-base", "./my clip", f"{open_clip_folder}/"]
    code, out, err = command("-m", f"model={','.join(models)}")
    assert code == 0, err
    assert [Path(path).parts[2] for path in out.split()] == ["planted-base", "my-clip", "open_clip"]
    (folder,) = (tmp_path / "outputs/sweeps").iterdir()
    named = [run.names["model"] for run in Sweep(folder).runs()]
    assert named == ["planted-base", "./my clip", str(open_clip_folder)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("openai/clip-vit-base-patch32", "can't be reached and 'openai/clip-vit-base-patch32' is"),
        ("hf-hub:org/name", "can't be reached and 'org/name' is not in its cache"),
        ("ViT-B-32/nope", "open_clip has no weights 'nope' for 'ViT-B-32'; it has: openai,"),
        ("./nope", "model.checkpoint=./nope: no such folder"),
    ],
)
@pytest.mark.usefixtures("no_hub")
def test_what_is_not_there(command, name, message):
    code, _, err = command(f"model={name}")
    assert code == 1
    (line,) = err.strip().splitlines()
    assert message in line
    with pytest.raises(ModelError, match="^" + line.removeprefix("vlminterp: ")[:20]):
        vlminterp.load(name)


def test_unknown_names_still_have_nearest_ones(command):
    code, _, err = command("model=clip-vit-b23")
    assert code == 1
    assert "no model 'clip-vit-b23'; nearest: clip-vit-b32" in err


CLIP = {"config.json": {"model_type": "clip"}, "model.safetensors": {}}
OWN_CODE = {"config.json": {"model_type": "siglip", "auto_map": {}}, "model.safetensors": {}}
THEIRS = {"open_clip_config.json": {}, "open_clip_model.safetensors": {}}


@pytest.mark.parametrize(
    ("files", "adapter"),
    [
        (CLIP, "hf"),
        (THEIRS, "open-clip"),
        (CLIP | THEIRS, "hf"),
        # A repository with code of its own, as Marqo's; one whose config.json is timm's.
        (OWN_CODE | THEIRS, "open-clip"),
        ({"config.json": {"architecture": "vit"}} | THEIRS, "open-clip"),
        # Downloaded for open_clip only, its config.json along with it.
        ({"config.json": {"model_type": "clip"}} | THEIRS, "open-clip"),
        ({"adapter_config.json": {}, "adapter_model.safetensors": {}}, "hf"),
        ({}, "hf"),
    ],
)
def test_the_files_decide(tmp_path, files, adapter):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    assert with_adapter(ModelConfig(checkpoint=str(tmp_path))).adapter == adapter
