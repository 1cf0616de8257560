"""Finds the family of a checkpoint by its own `config.json`."""

from dataclasses import replace
from pathlib import Path

import torch

from vlminterp.adapters.checkpoint import read_json
from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.hf.folders import located
from vlminterp.adapters.settings import ModelConfig
from vlminterp.entry_points import FAMILIES, installed, load
from vlminterp.errors import ModelError

OPEN_CLIP_CONFIG = "open_clip_config.json"

OWN = {
    "aimv2": "vlminterp.adapters.hf.aimv2:HFAIMv2",
    "align": "vlminterp.adapters.hf.align:HFALIGN",
    "altclip": "vlminterp.adapters.hf.altclip:HFAltCLIP",
    "blip": "vlminterp.adapters.hf.blip:HFBLIP",
    "chinese_clip": "vlminterp.adapters.hf.chinese_clip:HFChineseCLIP",
    "clip": "vlminterp.adapters.hf.clip:HFCLIP",
    "clipseg": "vlminterp.adapters.hf.clipseg:HFCLIPSeg",
    "flava": "vlminterp.adapters.hf.flava:HFFLAVA",
    "groupvit": "vlminterp.adapters.hf.groupvit:HFGroupViT",
    "metaclip_2": "vlminterp.adapters.hf.metaclip_2:HFMetaCLIP2",
    "owlv2": "vlminterp.adapters.hf.owlv2:HFOWLv2",
    "owlvit": "vlminterp.adapters.hf.owlvit:HFOWLViT",
    "siglip": "vlminterp.adapters.hf.siglip:HFSigLIP",
    "siglip2": "vlminterp.adapters.hf.siglip2:HFSigLIP2",
    "tipsv2": "vlminterp.adapters.hf.tipsv2:HFTIPSv2",
    "vision-text-dual-encoder": (
        "vlminterp.adapters.hf.vision_text_dual_encoder:HFVisionTextDualEncoder"
    ),
}
"""Families by `model_type`; other packages add theirs as entry points `vlminterp.families`."""


class AnyHF:
    """Loads the dual encoder of transformers that a checkpoint holds, of whatever family."""

    @staticmethod
    def load(config: ModelConfig, device: torch.device) -> HFDualEncoder:
        """Reads the checkpoint's `model_type`, and has that family load it.

        Args:
            config: Its checkpoint is a folder in the hub's format, or a hub id.
            device: Where the weights go.

        Raises:
            ModelError: It is no dual encoder of a known family, or can't be loaded.
        """
        checkpoint, folder = config.checkpoint, Path(config.checkpoint)
        if (folder / OPEN_CLIP_CONFIG).is_file() and not (folder / "config.json").is_file():
            raise ModelError(f"checkpoint {checkpoint} is open_clip's; use model=open-clip")
        folders = located(config)
        found = str(read_json(folders.model / "config.json").get("model_type"))
        family = family_of(found, f"checkpoint {checkpoint}")
        here = str(folders.adapter or folders.model)
        encoder = family.load(replace(config, checkpoint=here, revision=None), device)
        encoder.name = checkpoint
        return encoder


def family_of(model_type: str, what: str) -> type[HFDualEncoder]:
    """Returns the family of a `model_type`.

    Args:
        model_type: The type that `config.json` gives.
        what: Name of the checkpoint or model, for messages.

    Raises:
        ModelError: It is no dual encoder of a known family.
    """
    if model_type not in families():
        raise ModelError(
            f"{what} is of model_type '{model_type}', which is no dual encoder of an image and a "
            f"text tower that vlminterp knows; it knows: {', '.join(families())}"
        )
    family: type[HFDualEncoder] = load(FAMILIES, model_type, OWN)
    return family


def families() -> list[str]:
    """Lists every `model_type` that can be loaded, sorted."""
    return list(installed(FAMILIES, OWN))
