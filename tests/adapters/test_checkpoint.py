"""Checkpoints that can't be loaded: one line that says what is wrong and what to do."""

import json
import shutil

import open_clip
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

import vlminterp
from vlminterp.adapters.dual_encoder import Pixels
from vlminterp.adapters.hf.clip import HFCLIP
from vlminterp.adapters.open_clip_checkpoint import split_checkpoint
from vlminterp.config.composition import known
from vlminterp.config.model import composed_model
from vlminterp.entry_points import ADAPTERS, installed
from vlminterp.errors import ConfigError, ModelError, UserError


def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "checkpoint")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["config.json"], "lacks config.json"),
        (["model.safetensors"], "or model.safetensors.index.json or pytorch_model.bin or"),
        (["preprocessor_config.json"], "lacks preprocessor_config.json"),
        (["tokenizer.json", "tokenizer_config.json"], "lacks tokenizer.json or vocab.json"),
        (["config.json", "model.safetensors"], "lacks config.json, model.safetensors or"),
    ],
)
def test_missing_file_is_named(hf_folder, tmp_path, names, message):
    folder = copy(hf_folder, tmp_path)
    for name in names:
        (folder / name).unlink()
    with pytest.raises(ModelError) as caught:
        vlminterp.load("hf", checkpoint=str(folder))
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_open_clip_config(open_clip_folder, tmp_path):
    folder = copy(open_clip_folder, tmp_path)
    (folder / "open_clip_config.json").unlink()
    with pytest.raises(ModelError, match=r"lacks open_clip_config\.json"):
        vlminterp.load("open-clip", checkpoint=str(folder))


def test_another_architecture(hf_folder, tmp_path):
    folder = copy(hf_folder, tmp_path)
    config = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(**config, intermediate_size=32, vocab_size=50)).save_pretrained(folder)
    with pytest.raises(ModelError, match=r"model_type 'bert'"):
        vlminterp.load("hf", checkpoint=str(folder))


def test_lacking_weights_are_refused(hf_folder, tmp_path):
    """Transformers would go on with random numbers."""
    folder = copy(hf_folder, tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 tensor is missing, e\.g\. visual_projection"):
        vlminterp.load("hf", checkpoint=str(folder))


def test_weights_of_another_size(hf_folder, tmp_path):
    folder = copy(hf_folder, tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["projection_dim"] += 8
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"can't be loaded"):
        vlminterp.load("hf", checkpoint=str(folder))


@pytest.mark.parametrize("name", ["clip-vit-b32", "open-clip-vit-b32"])
def test_no_hub(name, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError) as caught:
        vlminterp.load(name)
    assert "the hub can't be reached" in str(caught.value)
    assert "model.checkpoint=/local/folder" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_library_that_is_missing_is_no_damaged_file(hf_folder, monkeypatch):
    def needs(*_, **__):
        raise ImportError("\nXTokenizer requires the protobuf library but it was not found.\nMore.")

    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", needs)
    with pytest.raises(ModelError, match=r"a library .* is missing or .* the protobuf") as caught:
        vlminterp.load("hf", checkpoint=str(hf_folder))
    assert "replace it" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_open_clip_tag():
    with pytest.raises(ModelError, match=r"no weights 'nope' for 'ViT-B-32'; it has: openai, "):
        vlminterp.load("open-clip", checkpoint="ViT-B-32/nope")


def test_unknown_adapter_key_and_value():
    with pytest.raises(ConfigError, match=r"no adapter 'open-clp'; nearest: open-clip"):
        vlminterp.load("hf", adapter="open-clp", checkpoint="x/y")
    with pytest.raises(UserError, match=r"no model 'clip-vit-b23'; nearest: clip-vit-b32"):
        vlminterp.load("clip-vit-b23")
    with pytest.raises(UserError, match=r"no key 'chekpoint'.*nearest: checkpoint"):
        vlminterp.load("hf", chekpoint="x/y")
    with pytest.raises(UserError, match=r"checkpoint.* no value"):
        vlminterp.load("hf")


def test_wrapped_model_says_what_it_lacks(hf_model, pictures):
    encoder = HFCLIP(hf_model)
    with pytest.raises(ModelError, match=r"without preprocessing"):
        encoder.preprocess(pictures)
    with pytest.raises(ModelError, match=r"without tokenizer; pass HFCLIP\(model, tokenizer=…\)"):
        encoder.tokenize(["a cat"])


def test_pictures_of_another_size_are_refused(load_tiny):
    for adapter in ("hf", "open-clip"):
        encoder = load_tiny(adapter)
        pixels = encoder.preprocess([Image.new("RGB", (64, 64))])
        smaller = Pixels(pixels.values[:, :, :32], pixels.geometry)
        with pytest.raises(ModelError, match=r"takes images of 64×64, not 32×64"):
            encoder.encode_image(smaller)


@pytest.mark.parametrize("name", sorted(set(known("model")) - {"hf", "open-clip"}))
def test_every_named_model_is_known(name):
    """Its adapter is installed; a tag of open_clip exists, and belongs to its activation."""
    config = composed_model(name, {})
    assert config.adapter in installed(ADAPTERS)
    assert config.checkpoint.count("/") == 1 or config.checkpoint.startswith("pkg://")
    if config.adapter == "open-clip" and not config.checkpoint.startswith("hf-hub:"):
        architecture, tag = split_checkpoint(config.checkpoint)
        assert tag
        quick = open_clip.get_model_config(architecture).get("quick_gelu", False)
        expected = open_clip.get_pretrained_cfg(architecture, tag).get("quick_gelu", False)
        assert quick == expected
