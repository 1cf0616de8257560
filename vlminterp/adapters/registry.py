"""Loads encoders from models' configurations; adapters are found by their entry points."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vlminterp.adapters.checkpoint import base_of, resolve_checkpoint, weights_and_settings
from vlminterp.adapters.settings import ModelConfig
from vlminterp.entry_points import ADAPTERS, load
from vlminterp.errors import ConfigError

if TYPE_CHECKING:
    import torch

    from vlminterp.adapters.dual_encoder import DualEncoder


def load_encoder(config: ModelConfig, name: str, device: str) -> "DualEncoder":
    """Loads a model.

    Args:
        config: The model's options.
        name: Name in reports.
        device: "cpu", "cuda", "cuda:1", "mps" or "auto".

    Raises:
        ConfigError: There is no such adapter or device.
        ModelError: The checkpoint can't be loaded, or is not run as its backend runs it.
    """
    resolved, chosen = _resolved(config), resolve_device(device)
    from vlminterp.adapters.unloadable import told_in_words  # imports torch

    with told_in_words(resolved.checkpoint):
        if resolved.adapter is None:
            from vlminterp.adapters.by_files import with_adapter

            resolved = with_adapter(resolved)
        encoder: DualEncoder = load(ADAPTERS, str(resolved.adapter)).load(resolved, chosen)
        encoder.name = name
        encoder.check()
    return encoder


def model_files(config: ModelConfig) -> list[Path]:
    """Lists the files on this machine that a model's numbers depend on.

    Raises:
        ModelError: A folder or a package does not exist.
    """
    config = _resolved(config)
    folder, tower = Path(config.checkpoint), Path(config.text_tower or "", "config.json")
    files = weights_and_settings(folder) if folder.is_dir() else []
    base = base_of(folder)
    if base and Path(base).is_dir():
        files += weights_and_settings(Path(base))
    return [*files, tower] if config.text_tower and tower.is_file() else files


def _resolved(config: ModelConfig) -> ModelConfig:
    """Replaces every place inside a package by its folder."""
    tower = config.text_tower
    return replace(
        config,
        checkpoint=resolve_checkpoint(config.checkpoint),
        text_tower=tower and resolve_checkpoint(tower, "model.text_tower"),
    )


def resolve_device(device: str) -> "torch.device":
    """Turns "auto" into the best device there is, and refuses one that is not there.

    Raises:
        ConfigError: The device is unknown or absent.
    """
    import torch

    available = ["cpu"]
    if torch.backends.mps.is_available():
        available.append("mps")
    if torch.cuda.is_available():
        available += ["cuda", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if device == "auto":
        device = "cuda" if "cuda" in available else available[-1]
    if device not in available:
        raise ConfigError(f"device={device} is not on this machine; it has: {', '.join(available)}")
    return torch.device(device)
