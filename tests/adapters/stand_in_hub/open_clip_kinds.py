"""Repositories that open_clip reads: their configs are facts, timm's towers are shallow."""

import json
from contextlib import contextmanager
from unittest import mock

import open_clip
import timm
from transformers import BertConfig

from tests.adapters.stand_in_hub import configs, tokenizers, weights
from tests.adapters.stand_in_hub.configs import DEVIATION, EMBEDDING, MEAN
from tests.adapters.stand_in_hub.weights import PICKLED, SAFE
from tests.adapters.tiny_hf import randomise
from tests.conftest import TEXT_BLOCKS, VISION_BLOCKS, _as_open_clip

OPEN_CLIP_SAFE, OPEN_CLIP_PICKLED = "open_clip_model.safetensors", "open_clip_pytorch_model.bin"
WIDTH = 64
SHALLOW = {
    "vit_base_patch16_224": {"depth": 2, "embed_dim": WIDTH, "num_heads": 2},
    "vit_base_patch16_siglip_224": {"depth": 2, "embed_dim": WIDTH, "num_heads": 2},
    "vit_base_mci_224": {"depth": 1},
}
PLAIN = configs.open_clip_vit()


@contextmanager
def shallow():
    """Makes the architectures that are known by name as shallow as their repositories here."""
    own = timm.create_model

    def create(name, **options):
        return own(name, **options | SHALLOW[name])

    known = open_clip.factory._MODEL_CONFIGS
    with (
        mock.patch("open_clip.timm_model.timm.create_model", create),
        mock.patch.dict(known, {"ViT-B-32": PLAIN["model_cfg"]}),
    ):
        yield


def _write(folder, config, *names, text_config=None):
    """Writes open_clip's config, and random weights under each name; returns the model."""
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
    found = mock.patch("open_clip.hf_model.AutoConfig.from_pretrained", return_value=text_config)
    with shallow(), found, mock.patch.dict(open_clip.factory._MODEL_CONFIGS):
        open_clip.factory._MODEL_CONFIGS["tiny"] = config["model_cfg"]
        model = randomise(open_clip.create_model("tiny", pretrained_hf=False))
    weights.write(model, folder, *names)
    return model


def write_laion(folder):
    """One model as transformers and as open_clip write it, in one repository."""
    whole = configs.old_clip(224, 32, "gelu")
    wide = {"hidden_size": WIDTH, "num_attention_heads": 1, "intermediate_size": 4 * WIDTH}
    for side, depth in (("text", TEXT_BLOCKS), ("vision", VISION_BLOCKS)):
        whole[f"{side}_config"] |= wide | {"num_hidden_layers": depth}
    model = weights.model_of(whole, "CLIPModel")
    weights.write(model, folder, SAFE, PICKLED)
    tensors = _as_open_clip(model.state_dict())
    weights.write(mock.Mock(spec=["state_dict"], state_dict=lambda: tensors), folder,
                  OPEN_CLIP_SAFE, OPEN_CLIP_PICKLED)  # fmt: skip
    (folder / "config.json").write_text(json.dumps(whole, indent=2))
    (folder / "open_clip_config.json").write_text(json.dumps(PLAIN, indent=2))
    (folder / "preprocessor_config.json").write_text(json.dumps(configs.clip_preprocessor(224)))
    tokenizers.clip(folder)


def write_biomedclip(folder):
    """A ViT of timm beside a BERT, whose config and tokenizer are another repository's."""
    tower = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract"
    other = folder.parents[1] / tower
    other.mkdir(parents=True)
    only = ("vocab.txt", "tokenizer_config.json")
    size = tokenizers.bert(other, only=only, model_max_length=1000000000000000019884624838656)
    tokenizers.bert(folder)
    bert = BertConfig(**configs.NARROW, vocab_size=size, architectures=["BertForMaskedLM"])
    bert.save_pretrained(other)
    for name in (PICKLED, "flax_model.msgpack", "README.md"):
        (other / name).touch()
    model = {
        "embed_dim": EMBEDDING,
        "vision_cfg": {
            "timm_model_name": "vit_base_patch16_224",
            "timm_model_pretrained": False,
            "timm_pool": "",
            "timm_proj": "linear",
            "image_size": 224,
        },
        "text_cfg": {
            "hf_model_name": tower,
            "hf_tokenizer_name": tower,
            "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler",
            "context_length": 256,
        },
    }
    config = {"model_cfg": model, "preprocess_cfg": {"mean": MEAN, "std": DEVIATION}}
    _write(folder, config, OPEN_CLIP_PICKLED, text_config=bert)
    for name in ("README.md", "LICENSE.md", "biomed_clip_example.ipynb"):
        (folder / name).touch()


def write_mobileclip(folder):
    """A hybrid of convolutions and blocks of timm, pictures in [0, 1]."""
    model = {
        "embed_dim": WIDTH,
        "vision_cfg": {
            "timm_model_name": "vit_base_mci_224",
            "timm_model_pretrained": False,
            "timm_pool": "token",
            "timm_proj": None,
            "timm_drop": 0.0,
            "timm_drop_path": 0.0,
            "image_size": 224,
        },
        "text_cfg": {
            "context_length": 77, "vocab_size": 49408, "width": WIDTH, "heads": 2, "layers": 2,
            "no_causal_mask": False,
        },
        "custom_text": True,
    }  # fmt: skip
    preprocessing = {
        "mean": [0.0] * 3, "std": [1.0] * 3, "interpolation": "bilinear", "resize_mode": "shortest",
    }  # fmt: skip
    config = {"model_cfg": model, "preprocess_cfg": preprocessing}
    _write(folder, config, OPEN_CLIP_SAFE)
    tokenizers.clip(folder)
    (folder / "README.md").touch()


def write_marqo(folder):
    """A SigLIP; for transformers its repository has code, which nobody runs here."""
    tokenizers.siglip(folder)
    other = folder.parents[1] / "timm/ViT-B-16-SigLIP"
    other.mkdir(parents=True)
    tokenizers.siglip(other)
    model = {
        "embed_dim": WIDTH,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 224,
            "timm_model_name": "vit_base_patch16_siglip_224",
            "timm_model_pretrained": False,
            "timm_pool": "map",
            "timm_proj": "none",
        },
        "text_cfg": {
            "context_length": 64,
            "vocab_size": 72,
            "hf_tokenizer_name": "timm/ViT-B-16-SigLIP",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "width": WIDTH,
            "heads": 2,
            "layers": 2,
            "no_causal_mask": True,
            "proj_bias": True,
            "pool_type": "last",
            "norm_kwargs": {"eps": 1e-06},
        },
    }
    preprocessing = {
        "mean": configs.HALVES, "std": configs.HALVES, "interpolation": "bicubic",
        "resize_mode": "squash",
    }  # fmt: skip
    config = {"model_cfg": model, "preprocess_cfg": preprocessing}
    _write(folder, config, OPEN_CLIP_SAFE, OPEN_CLIP_PICKLED)
    code = {"AutoModel": "marqo_fashionSigLIP.MarqoFashionSigLIP"}
    facts = {"architectures": ["MarqoFashionSigLIP"], "auto_map": code, "model_type": "siglip"}
    (folder / "config.json").write_text(json.dumps(facts))
    (folder / "marqo_fashionSigLIP.py").write_text("raise SystemExit('this code must not run')\n")
    for name in ("README.md", SAFE, "processor_config.json"):
        (folder / name).touch()
