"""Whole checkpoints of every kind, tiny, and how the product loads each."""

import json
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import BertConfig, ChineseCLIPModel
from vlminterp_ex2.policy import check_policy, load_model
from vlminterp_ex2.settings import PolicyConfig

import vlminterp
from tests.adapters.folders import wordpiece, write_folder
from tests.adapters.tiny_hf import CONTEXT
from tests.adapters.tiny_open_clip import SMALL, VIT, build
from tests.ex2.letters import save_policy

CPU = torch.device("cpu")
PREPROCESSING = {
    "size": 32,
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.3, 0.4],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def write_wholes(parent, open_clip_folder):
    """Writes one checkpoint of each kind into a folder of its name; returns those that are read."""
    write_folder(parent / "hf", "chinese_clip")
    write_folder(parent / "siglip", "siglip")
    save_policy(parent / "policy")
    shutil.copytree(parent / "policy", parent / "gguf")
    (parent / "gguf" / "model.safetensors").unlink()
    shutil.copytree(open_clip_folder, parent / "open_clip")
    _peft(parent / "hf", parent / "peft")
    _text_tower(parent / "text_tower", parent / "of_two")


def _peft(base, folder):
    lora = LoraConfig(target_modules=["q_proj", "k_proj"], init_lora_weights=False)
    get_peft_model(ChineseCLIPModel.from_pretrained(base), lora).save_pretrained(folder)


def _text_tower(tower, folder):
    """A checkpoint of open_clip in `folder`, whose text tower `tower` describes."""
    folder.mkdir()
    size = wordpiece(folder)
    BertConfig(**SMALL | {"vocab_size": size, "max_position_embeddings": 64}).save_pretrained(tower)
    text = {
        "hf_model_name": str(tower),
        "hf_tokenizer_name": "org/name",
        "hf_proj_type": "mlp",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "context_length": CONTEXT,
    }
    model = build(VIT, text, {}, folder).model.float()
    (folder / "tiny-for-tests.json").unlink()
    config = {"embed_dim": 24, "vision_cfg": VIT, "text_cfg": text}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": PREPROCESSING})
    )
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")


def load(kind, folder, wholes):
    """Loads a checkpoint as a run does; `wholes` has those that it may need beside it."""
    if kind in ("policy", "gguf"):
        config = PolicyConfig(checkpoint=str(folder), gguf="*.gguf" if kind == "gguf" else None)
        check_policy(config, CPU)
        load_model(config, CPU)
    elif kind == "text_tower":
        vlminterp.load(str(wholes / "of_two"), text_tower=str(folder))
    else:
        vlminterp.load(str(folder))
