"""Puts a PEFT adapter into the model that it was trained on, once."""

import warnings
from pathlib import Path
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer

from vlminterp.errors import ModelError

NAME = "default"
MAGNITUDE = "lora_magnitude_vector"
MERGED = 0.5
"""Share of the update in the weights above which it counts as merged; 0 before merging, 1 after."""


def put_adapter(model: Any, folder: Path, *, beside: bool) -> None:
    """Loads an adapter, and checks that all of its tensors have a place in the model.

    Args:
        model: The base, a model of transformers.
        folder: Folder of the adapter.
        beside: Whether the base's weights were read from the same folder, so that the adapter may
            have been merged into them before.

    Raises:
        ModelError: The adapter is of another model or kind, or has been or may have been merged.
    """
    with warnings.catch_warnings():
        # PEFT would leave out options that it does not know, and go on with wrong numbers.
        warnings.filterwarnings("error", message="Unexpected keyword arguments")
        safe = (folder / "adapter_model.safetensors").is_file()  # else .bin, as tensors only
        report = model.load_adapter(str(folder), adapter_name=NAME, use_safetensors=safe)
    lost = sorted({*report.missing_keys, *report.unexpected_keys})
    if lost and all(MAGNITUDE in name for name in lost):
        raise ModelError(
            f"the adapter in {folder} is a DoRA, whose magnitudes transformers does not load; put "
            "it in with PEFT's PeftModel.from_pretrained and use vlminterp.wrap, or merge it"
        )
    if lost:
        raise ModelError(
            f"the adapter in {folder} is of another model: {len(lost)} of its tensors have no "
            f"place or are missing, e.g. {lost[0]}"
        )
    if beside:
        _refuse_merged(model, folder)


@torch.no_grad()
def _refuse_merged(model: Any, folder: Path) -> None:
    """Looks for the adapter's update in the weights that it would be added to.

    Weights W are unrelated to an update Δ that was learned for them: ⟨W, Δ⟩ / ⟨Δ, Δ⟩ is near 0.
    Once it has been merged, W + Δ is stored instead, and the same ratio is larger by 1.

    Raises:
        ModelError: It is found there, or the adapter's kind does not allow to look.
    """
    along = squared = 0.0
    for module in model.modules():
        if not isinstance(module, BaseTunerLayer):
            continue
        weight = getattr(module.get_base_layer(), "weight", None)
        if weight is None or not hasattr(module, "get_delta_weight"):
            raise ModelError(
                f"{folder} holds weights and an adapter, and whether it was merged into them can't "
                "be told; if so, remove adapter_config.json, else put the adapter in a folder of "
                "its own"
            )
        update = module.get_delta_weight(NAME).double()
        along += float((weight.double() * update).sum())
        squared += float(update.square().sum())
    if along > MERGED * squared:
        raise ModelError(
            f"{folder} holds an adapter whose update is in its weights already, so that it would "
            "be applied twice; remove adapter_config.json, or, if it was never merged, put the "
            "adapter in a folder of its own"
        )
