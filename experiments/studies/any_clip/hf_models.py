"""Model types of transformers that embed text beside something else, and which are ours."""

from importlib import import_module
from inspect import isclass
from typing import Any

import transformers
from transformers import AutoConfig, BertConfig, CLIPVisionConfig, VisionTextDualEncoderConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from vlminterp.adapters.hf.any import OWN
from vlminterp.entry_points import FAMILIES, load

WHY_NOT = {
    "blip-2": "32 embeddings an image, of which the best one counts",
    "clap": "audio and text",
    "clvp": "speech and text",
    "sam3": "a segmenter: its text only prompts it",
    "sam3_lite_text": "a segmenter: its text only prompts it",
    "videoprism": "video and text",
    "xclip": "video and text; the text is changed by the video",
}
"""Types that embed text beside something else, and aren't image-text dual encoders."""


FEW_BLOCKS, GRID = 4, 6
"""Depth of shrunk towers; rows and columns of the patches of their pictures."""
SMALL = 128
"""Height and width of pictures that are not cut into patches, when they are shrunk."""
SHORT = {"owlv2": 4}
"""Depths for image towers that would take too long here: OWLv2 sees 3,600 patches."""


def candidates() -> list[str]:
    """Returns the installed transformers' model types that embed text beside something else."""
    found = []
    for model_type, config in CONFIG_MAPPING.items():
        models = (getattr(transformers, name, None) for name in _models(config.__module__))
        fitting = (m for m in models if m is not None and m.config_class is config)
        if any(hasattr(model, "get_text_features") for model in fitting):
            found.append(model_type)
    return sorted(found)


def build(model_type: str, *, shrunk: bool = False) -> Any:
    """Builds a family's encoder around its default configuration, with random weights.

    Args:
        model_type: One of `vlminterp.adapters.hf.any.families()`.
        shrunk: Whether to cut both towers' depth, and pictures to few patches.
    """
    family = load(FAMILIES, model_type, OWN)
    if model_type == "vision-text-dual-encoder":
        config = VisionTextDualEncoderConfig.from_vision_text_configs(
            CLIPVisionConfig(), BertConfig()
        )
    else:
        config = AutoConfig.for_model(model_type)
    if model_type in SHORT:
        config.vision_config.num_hidden_layers = SHORT[model_type]
    if shrunk:
        _shrink(config)
    return family(getattr(transformers, family.architecture)(config), name=model_type)


def _shrink(config: Any) -> None:
    """Cuts depth and pictures; GroupViT's stages and ALIGN's depth stay as they are."""
    vision = getattr(config, "image_config", None) or config.vision_config
    config.text_config.num_hidden_layers = FEW_BLOCKS
    if not hasattr(vision, "patch_size"):
        vision.image_size = SMALL
    elif not hasattr(vision, "depths"):
        vision.num_hidden_layers = FEW_BLOCKS
        if hasattr(vision, "num_patches"):
            vision.num_patches = GRID**2
        else:
            vision.image_size = GRID * vision.patch_size


def _models(config_module: str) -> list[str]:
    """Returns names of the model classes that belong to a configuration."""
    name = config_module.replace("configuration_", "modeling_")
    try:
        members = vars(import_module(name))
    except ImportError:
        return []
    kind = transformers.PreTrainedModel
    return [key for key, member in members.items() if isclass(member) and issubclass(member, kind)]
