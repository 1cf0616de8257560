"""CLIP at its published sizes with random weights, and random pairs, for benchmarks of speed."""

from typing import Any

import torch
from transformers import CLIPConfig, CLIPModel

from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens

BEGIN, END, TOKENS, EDGE = 49406, 49407, 10, 224
"""Ids of the begin and end tokens; tokens of a caption; height and width of a picture."""
L14: dict[str, dict[str, Any]] = {
    "text_config": {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "projection_dim": 768,
    },
    "vision_config": {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "patch_size": 14,
        "projection_dim": 768,
    },
}
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "ViT-B/32": {"text_config": {}, "vision_config": {}},
    "ViT-L/14": L14,
}
"""The sizes, as they differ from the configuration's defaults."""


def random_clip(size: str, **options: Any) -> CLIPModel:
    """Returns OpenAI's architecture of a size with random weights, always the same.

    Args:
        size: One of `SIZES`.
        options: Options of the configuration, such as `attn_implementation`.
    """
    torch.manual_seed(0)
    text = SIZES[size]["text_config"] | {"eos_token_id": END, "bos_token_id": BEGIN}
    width = text.get("projection_dim", 512)
    config = CLIPConfig(
        text_config=text,
        vision_config=SIZES[size]["vision_config"],
        projection_dim=width,
        **options,
    )
    model = CLIPModel(config)
    model.train(mode=False)
    return model


def random_pairs(count: int) -> tuple[Pixels, Tokens]:
    """Returns random images and captions of ten tokens, two of them begin and end."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(count, 3, EDGE, EDGE, generator=generator)
    ids = torch.randint(1000, 40000, (count, TOKENS), generator=generator)
    ids[:, 0], ids[:, -1] = BEGIN, END
    geometry = (Geometry((EDGE, EDGE), (0, 0, EDGE, EDGE)),) * count
    mask = torch.ones_like(ids, dtype=torch.bool)
    return Pixels(values, geometry), Tokens(ids, mask, ~mask, ((),) * count, (False,) * count)


def block_operations(size: str) -> float:
    """Returns the operations of one block of the image tower for one picture, forward."""
    vision = SIZES[size]["vision_config"]
    width, patch = vision.get("hidden_size", 768), vision.get("patch_size", 32)
    tokens = (EDGE // patch) ** 2 + 1
    return float(24 * width**2 * tokens + 4 * tokens**2 * width)


def image_depth(size: str) -> int:
    """Returns the number of blocks of the image tower."""
    return int(SIZES[size]["vision_config"].get("num_hidden_layers", 12))
