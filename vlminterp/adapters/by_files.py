"""Finds which library reads a checkpoint, by the files that it has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from vlminterp.adapters.checkpoint import ADAPTER_CONFIG, HF_WEIGHTS, read_json
from vlminterp.adapters.hf.any import OPEN_CLIP_CONFIG, families
from vlminterp.adapters.hub import loading
from vlminterp.adapters.settings import ModelConfig

HF, OPEN_CLIP = "hf", "open-clip"
HUB = "hf-hub:"
"""Prefix by which open_clip tells a repository from an architecture."""
_Find = Callable[[str], Path | None]
"""Maps a file's name to its path on this machine; None where the checkpoint has no such file."""


def with_adapter(config: ModelConfig) -> ModelConfig:
    """Finds the adapter that reads a checkpoint; returns the configuration with both set.

    A checkpoint that both libraries can read goes to transformers, unless its class there is the
    repository's own code or of an unknown kind.

    Args:
        config: Its checkpoint is a folder, a hub id, ARCHITECTURE/TAG or hf-hub:ORG/NAME.
    """
    checkpoint, folder = config.checkpoint, Path(config.checkpoint)
    if checkpoint.startswith(HUB):
        return replace(config, adapter=OPEN_CLIP)
    if folder.is_dir():
        there = any((folder / name).is_file() for name in HF_WEIGHTS)
        found = _by_files(lambda name: _if_file(folder / name), may_be_hf=there)
        return replace(config, adapter=found)
    import open_clip

    if checkpoint.partition("/")[0] in open_clip.list_models():
        return replace(config, adapter=OPEN_CLIP)
    with loading(checkpoint):
        found = _by_files(lambda name: _on_hub(checkpoint, name, config.revision), may_be_hf=True)
    checkpoint = f"{HUB}{checkpoint}" if found == OPEN_CLIP else checkpoint
    return replace(config, adapter=found, checkpoint=checkpoint)


def _by_files(find: _Find, *, may_be_hf: bool) -> str:
    described = find("config.json")
    if described is not None and may_be_hf:
        settings = read_json(described)
        if settings.get("model_type") in families() and "auto_map" not in settings:
            return HF
    if find(OPEN_CLIP_CONFIG) is not None and find(ADAPTER_CONFIG) is None:
        return OPEN_CLIP
    return HF


def _if_file(path: Path) -> Path | None:
    return path if path.is_file() else None


def _on_hub(repository: str, name: str, revision: str | None) -> Path | None:
    """Returns a repository's file; None also if the hub can't be reached: loading reports that."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return Path(hf_hub_download(repository, name, revision=revision))
    except EntryNotFoundError:
        return None
