"""Checkpoints whose tensors, tokenizer or way of running are not the model's: refused in a line."""

import json
import shutil

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import vlminterp
from tests.adapters.folders import COLOURS, CROPPED, byte_level, write_folder
from tests.adapters.tiny_hf import randomise, tiny_config
from vlminterp.errors import ModelError

BEFORE_CLIPSEG = pytest.mark.xfail(
    transformers.CLIPSegModel.base_model_prefix != "clip",
    reason="transformers before 5.22 can't find CLIPSeg's CLIP",
)


def changed(folder, tmp_path, change, name="model.safetensors"):
    """A copy whose tensors were changed."""
    copied = shutil.copytree(folder, tmp_path / "checkpoint")
    weights = load_file(copied / name)
    change(weights)
    save_file(weights, copied / name, metadata={"format": "pt"})
    return copied


def with_lora(weights):
    weights["text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight"] = torch.ones(2, 32)


def with_base_layer(weights):
    name = "text_model.encoder.layers.0.self_attn.q_proj"
    weights[f"{name}.base_layer.weight"] = weights.pop(f"{name}.weight")


def with_a_block_more(weights):
    more = {k.replace("layers.2.", "layers.3."): v for k, v in weights.items() if "t_model" in k}
    weights.update({name: tensor.clone() for name, tensor in more.items()})


def with_nan(weights):
    weights["visual_projection.weight"][3, 5] = torch.nan


def with_infinity(weights):
    weights["text_model.final_layer_norm.bias"][3] = torch.inf


def of_another_shape(weights):
    weights["visual_projection.weight"] = torch.ones(9, 48)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_lora, r"holds an adapter among its weights, e\.g\. text_model.*lora_A\.weight; save"),
        (with_base_layer, r"holds an adapter among its weights, e\.g\. .*q_proj\.base_layer"),
        (with_a_block_more, r"holds more than its config\.json says: 16 tensors are left over, e"),
        (with_nan, r"hf: weights are not finite, e\.g\. visual_projection\.weight"),
        (with_infinity, r"hf: weights are not finite, e\.g\. text_model\.final_layer_norm\.bias"),
        (
            of_another_shape,
            r"visual_projection\.weight is \[9, 48\] in its file, but \[24, 48\]",
        ),
    ],
)
def test_tensors_that_are_not_the_models(hf_folder, tmp_path, change, message):
    with pytest.raises(ModelError, match=message) as caught:
        vlminterp.load("hf", checkpoint=str(changed(hf_folder, tmp_path, change)))
    assert "\n" not in str(caught.value)


def test_old_buffers_do_no_harm(hf_folder, tmp_path):
    def with_positions(weights):
        weights["text_model.embeddings.position_ids"] = torch.arange(20)[None]
        weights["text_model.pooler.dense.weight"] = torch.ones(32, 32)

    vlminterp.load("hf", checkpoint=str(changed(hf_folder, tmp_path, with_positions)))


@pytest.mark.parametrize(
    ("model_type", "whole"),
    [
        pytest.param("clipseg", "CLIPSegForImageSegmentation", marks=BEFORE_CLIPSEG),
        ("flava", "FlavaForPreTraining"),
        ("owlvit", "OwlViTForObjectDetection"),
        ("owlv2", "Owlv2ForObjectDetection"),
    ],
)
def test_what_stands_beside_the_towers_is_left_aside(tmp_path, model_type, whole):
    """As the hub has them: the towers, and heads that no embedding is made of."""
    config = tiny_config(model_type)
    config.text_config.vocab_size = byte_level(tmp_path)
    config.text_config.eos_token_id = 2
    randomise(getattr(transformers, whole)(config)).save_pretrained(tmp_path)
    settings = {"image_processor_type": "CLIPImageProcessor", **COLOURS, **CROPPED}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
    vlminterp.load("hf", checkpoint=str(tmp_path))


def open_clip_extra(weights):
    weights["visual.head.weight"] = torch.ones(3, 3)


def open_clip_lacking(weights):
    del weights["visual.proj"]


def open_clip_shape(weights):
    weights["visual.proj"] = torch.ones(48, 9)


def open_clip_nan(weights):
    weights["visual.proj"][0, 0] = torch.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (open_clip_extra, r"unexpected: visual\.head\.weight"),
        (open_clip_lacking, r"missing: visual\.proj"),
        (open_clip_shape, r"visual\.proj.*\[48, 9\].*\[48, 24\]"),
        (open_clip_nan, r"weights are not finite, e\.g\. visual\.proj"),
    ],
)
def test_tensors_that_are_not_open_clips(open_clip_folder, tmp_path, change, message):
    folder = changed(open_clip_folder, tmp_path, change, "open_clip_model.safetensors")
    with pytest.raises(ModelError, match=message) as caught:
        vlminterp.load("open-clip", checkpoint=str(folder))
    assert "\n" not in str(caught.value)


def test_a_tokenizer_of_a_larger_vocabulary(tmp_path):
    folder = tmp_path / "clipseg"
    write_folder(folder, "clipseg")

    def shorter(weights):
        name = "text_model.embeddings.token_embedding.weight"
        weights[name] = weights[name][:-10].clone()

    small = changed(folder, tmp_path, shorter)
    config = json.loads((small / "config.json").read_text())
    config["text_config"]["vocab_size"] -= 10
    (small / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"the tokenizer writes ids up to \d+, but the text tower"):
        vlminterp.load("hf", checkpoint=str(small))


def test_a_model_that_we_run_otherwise_is_refused(hf_folder, monkeypatch):
    """As if a version of the backend had changed what it computes."""
    from transformers import CLIPModel

    own = CLIPModel.get_image_features

    def changed(self, *args, **kwargs):
        output = own(self, *args, **kwargs)
        output.pooler_output = output.pooler_output + 0.01
        return output

    monkeypatch.setattr(CLIPModel, "get_image_features", changed)
    with pytest.raises(ModelError, match=r"hf: its image embedding by vlminterp is .* away from"):
        vlminterp.load("hf", checkpoint=str(hf_folder))


def test_an_embedding_that_overflows_is_told(hf_folder, tmp_path):
    def huge(weights):
        weights["visual_projection.weight"] *= 6e4

    with pytest.raises(ModelError, match=r"embedding is not finite in float16; use model\.dtype"):
        vlminterp.load("hf", checkpoint=str(changed(hf_folder, tmp_path, huge)), dtype="float16")
