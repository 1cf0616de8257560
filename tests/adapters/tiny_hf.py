"""Every dual encoder of transformers, shrunk: random weights, all of whose blocks matter."""

import torch
from transformers import (
    AutoConfig,
    BertConfig,
    Dinov2Config,
    RobertaConfig,
    VisionTextDualEncoderConfig,
    ViTConfig,
)

SIZE, PATCH, CONTEXT, VOCABULARY, END = 32, 8, 16, 100, 99

VISION = {
    "hidden_size": 24,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": SIZE,
    "patch_size": PATCH,
}
TEXT = {
    "hidden_size": 20,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "max_position_embeddings": CONTEXT,
    "vocab_size": VOCABULARY,
    "pad_token_id": 0,
    "bos_token_id": 98,
    "eos_token_id": END,
}
ROBERTA = TEXT | {"max_position_embeddings": CONTEXT + 1}
STAGES = {
    "depths": [2, 1, 1],
    "num_output_groups": [6, 4, 0],
    "num_group_tokens": [6, 4, 0],
}
PARTS = {
    "aimv2": (VISION, TEXT),
    "align": (
        {
            "image_size": 64,
            "in_channels": [32, 8],
            "out_channels": [8, 12],
            "kernel_sizes": [3, 3],
            "strides": [1, 2],
            "depthwise_padding": [],
            "num_block_repeats": [1, 2],
            "expand_ratios": [1, 2],
            "hidden_dim": 16,
            "width_coefficient": 1.0,
            "depth_coefficient": 1.0,
        },
        TEXT,
    ),
    "altclip": (VISION, ROBERTA | {"project_dim": 16}),
    "blip": (VISION, TEXT),
    "chinese_clip": (VISION, TEXT),
    "clip": (VISION, TEXT),
    "clipseg": (VISION, TEXT),
    "flava": (VISION, TEXT),
    "groupvit": (VISION | STAGES, TEXT),
    "metaclip_2": (VISION, TEXT),
    "owlv2": (VISION, TEXT),
    "owlvit": (VISION, TEXT),
    "siglip": (VISION, TEXT | {"projection_size": 24}),
    "siglip2": (
        {key: value for key, value in VISION.items() if key != "image_size"} | {"num_patches": 16},
        TEXT | {"projection_size": 24},
    ),
    "tipsv2": (VISION | {"num_register_tokens": 1}, TEXT | {"hidden_size": 24}),
}
"""Options of the two towers, by `model_type`."""

DUAL = {
    "vit + bert": (ViTConfig, BertConfig, TEXT),
    "dinov2 + roberta": (Dinov2Config, RobertaConfig, ROBERTA),
}
"""Towers of `VisionTextDualEncoderModel`."""


def tiny_config(name):
    """The shrunk configuration of a family, or of a pair of towers."""
    if name in DUAL:
        vision, text, options = DUAL[name]
        options = {key: value for key, value in options.items() if key != "eos_token_id"}
        return VisionTextDualEncoderConfig.from_vision_text_configs(
            vision(**VISION), text(**options), projection_dim=16
        )
    vision, text = PARTS[name]
    if name == "flava":
        return AutoConfig.for_model(
            name, image_config=vision, text_config=text, multimodal_config=TEXT, projection_dim=16
        )
    options = {"image_text_hidden_size": 16} if name == "blip" else {"projection_dim": 16}
    return AutoConfig.for_model(name, vision_config=vision, text_config=text, **options)


@torch.no_grad()
def randomise(model, seed=0):
    """Weights that keep signals alive, so that no block can be left out unnoticed."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "logit" in name or "temperature" in name:
            continue
        spread = 0.3 if parameter.ndim < 2 else 1.2 * parameter[0].numel() ** -0.5
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * spread
        parameter.copy_(noise.to(parameter.dtype) + (parameter.ndim == 1 and "weight" in name))
    return model
