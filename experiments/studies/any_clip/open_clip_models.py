"""Every architecture of open_clip, built with random weights and without a network."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import open_clip
import timm
import torch
from transformers import M2M100Config, MT5Config, RobertaConfig, XLMRobertaConfig

LARGE = 450e6
"""Number of parameters beyond which a model is shrunk."""
SHORT, FEW = 4, 4096
"""Depth and vocabulary of shrunk models."""
GRID = 6
"""Rows and columns of patches, where pictures are shrunk as well."""

HF_TEXT = {
    "roberta-base": RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1),
    "xlm-roberta-base": XLMRobertaConfig(
        vocab_size=250002, max_position_embeddings=514, type_vocab_size=1
    ),
    "xlm-roberta-large": XLMRobertaConfig(
        vocab_size=250002,
        max_position_embeddings=514,
        type_vocab_size=1,
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
    ),
    "google/mt5-base": MT5Config(
        vocab_size=250112, d_model=768, d_ff=2048, num_layers=12, num_heads=12
    ),
    "google/mt5-xl": MT5Config(
        vocab_size=250112, d_model=2048, d_ff=5120, num_layers=24, num_heads=32
    ),
    "facebook/nllb-200-distilled-600M": M2M100Config(
        vocab_size=256206, d_model=1024, encoder_layers=12, encoder_ffn_dim=4096
    ),
    "facebook/nllb-200-distilled-1.3B": M2M100Config(
        vocab_size=256206, d_model=1024, encoder_layers=24, encoder_ffn_dim=8192
    ),
}
"""Configurations of the text towers that open_clip takes from the hub, as in their checkpoints."""


def build(
    name: str, *, shrunk: bool, few_patches: bool = False, device: str = "cpu"
) -> torch.nn.Module:
    """Builds a model of an architecture, with random weights.

    Args:
        name: One of `open_clip.list_models()`.
        shrunk: Whether to cut depth and vocabulary; widths and picture sizes stay.
        few_patches: Whether to shrink the pictures too, where a plain ViT cuts them into patches.
        device: Device to build on; "meta" allocates no weights.
    """
    config = open_clip.get_model_config(name)
    size = _few_patches(config["vision_cfg"]) if few_patches else None
    config["vision_cfg"] |= {"image_size": size} if size else {}
    with tempfile.TemporaryDirectory() as folder, _timm_depth(shrunk=shrunk, size=size):
        text = config["text_cfg"]
        if "hf_model_name" in text:
            described = HF_TEXT[text["hf_model_name"]]
            if shrunk:
                described = type(described)(**described.to_dict() | _short(described))
            described.save_pretrained(folder)
            text["hf_model_name"] = folder
        elif shrunk:
            text |= {"layers": SHORT, "vocab_size": FEW}
        if shrunk and isinstance(config["vision_cfg"].get("layers"), int):
            config["vision_cfg"]["layers"] = SHORT
        if shrunk and "multimodal_cfg" in config:
            config["multimodal_cfg"] |= {"layers": 1, "vocab_size": FEW}
        (Path(folder) / "any-clip-model.json").write_text(json.dumps(config))
        open_clip.add_model_config(Path(folder) / "any-clip-model.json")
        model: torch.nn.Module = open_clip.create_model(
            "any-clip-model", pretrained_hf=False, device=device
        )
    return model


def parameters(name: str) -> int:
    """Returns an architecture's number of parameters at full size, without allocating them."""
    with torch.device("meta"):
        return sum(
            weight.numel() for weight in build(name, shrunk=False, device="meta").parameters()
        )


def _few_patches(vision: Any) -> int | None:
    """Returns the size of a picture of few patches; None for pyramids and hybrids."""
    name = vision.get("timm_model_name", "")
    found = re.match(r"(?:vit|eva)\w*_patch(\d+)", name)
    if isinstance(vision.get("layers"), int):
        return GRID * int(vision["patch_size"])
    return GRID * int(found[1]) if found else None


def _short(config: Any) -> dict[str, int]:
    depths = ("num_hidden_layers", "num_layers", "encoder_layers")
    found = {key: SHORT for key in depths if hasattr(config, key)}
    return found | {"vocab_size": FEW, "num_decoder_layers": 1, "decoder_layers": 1}


@contextmanager
def _timm_depth(*, shrunk: bool, size: int | None) -> Iterator[None]:
    """Shrinks towers that open_clip takes from timm, to which it passes no depth or size."""
    own = timm.create_model

    def create(name: str, **options: Any) -> Any:
        if shrunk and name.startswith("convnext"):
            options["depths"] = (1, 1, 2, 1)
        elif shrunk and not name.startswith(("fastvit", "swin")):
            options["depth"] = SHORT
        if size is not None:
            options["img_size"] = size
        return own(name, **options)

    with mock.patch("open_clip.timm_model.timm.create_model", partial(create)):
        yield
