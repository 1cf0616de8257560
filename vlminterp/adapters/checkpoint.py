"""Locates checkpoints, and checks that a folder holds a whole one."""

import fnmatch
import json
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vlminterp.errors import ModelError

PACKAGE = "pkg://"
SETTINGS = {".json", ".txt", ".model"}
"""Suffixes of configurations and tokenizers."""
WEIGHTS = {".safetensors", ".bin", ".pth"}
TOKENIZER = (
    "tokenizer.json",
    "vocab.json",
    "vocab.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
"""Files of transformers' tokenizers, each of which has one of them."""

HF_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
"""Files of a model's weights, of which transformers reads the first one found."""

ADAPTER_CONFIG = "adapter_config.json"
"""PEFT's file name for the configuration of an adapter, such as LoRA."""

Needed = Sequence[Sequence[str]]
"""Files of a whole checkpoint: one of each group, of which the first one found is read."""


def resolve_checkpoint(checkpoint: str, key: str = "model.checkpoint", install: str = "") -> str:
    """Turns `pkg://package/path` into the folder inside an installed package.

    Args:
        checkpoint: A folder, a hub id, or a place inside a package, which is not imported.
        key: The option that names it, for messages.
        install: Advice on how to install a missing package, for messages.

    Raises:
        ModelError: The package is not installed, or the folder does not exist.
    """
    if checkpoint.startswith(PACKAGE):
        package, _, inside = checkpoint.removeprefix(PACKAGE).partition("/")
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            cure = f"; {install}" if install else ""
            raise ModelError(f"{key}={checkpoint}: no package '{package}' is installed{cure}")
        path = Path(next(iter(spec.submodule_search_locations))) / inside
    elif checkpoint.startswith(("/", "./", "../", "~")):
        path = Path(checkpoint).expanduser()
    else:
        return checkpoint
    if not path.is_dir():
        raise ModelError(f"{key}={checkpoint}: no such folder")
    return str(path)


def weights_and_settings(folder: Path) -> list[Path]:
    """Lists the files of a checkpoint folder that its numbers depend on."""
    return sorted(path for path in folder.iterdir() if path.suffix in SETTINGS | WEIGHTS)


def base_of(folder: Path) -> str | None:
    """Returns the model that a folder's adapter was trained on: a folder or a hub id, or "".

    Returns None where there is no adapter, or where the model's own weights are beside it.
    """
    config = folder / ADAPTER_CONFIG
    if not config.is_file():
        return None
    if any((folder / name).is_file() for name in HF_WEIGHTS):
        return None
    return str(read_json(config).get("base_model_name_or_path") or "")


def read_json(path: Path) -> dict[str, Any]:
    """Reads a configuration file.

    Raises:
        ModelError: It can't be read, or holds no JSON object.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no JSON: {error}") from error
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object")
    return found


def require_files(folder: Path, needed: Needed) -> None:
    """Checks that a checkpoint folder is whole.

    Args:
        folder: The checkpoint.
        needed: Files of a whole checkpoint.

    Raises:
        ModelError: Files are missing; the message names all of them.
    """
    missing = missing_files([path.name for path in folder.iterdir() if path.is_file()], needed)
    if missing:
        named = {name for group in needed for name in group}
        other = sorted(path.name for path in folder.iterdir() if path.name in named)
        odd = [name for name in other if not (folder / name).is_file()]
        hint = f"; its {', '.join(odd)} is no file" if odd else ""
        raise ModelError(f"checkpoint {folder} lacks {', '.join(missing)}{hint}")


def missing_files(names: Collection[str], needed: Needed) -> list[str]:
    """Lists the groups of which no file is there, each as "A or B"."""
    return [" or ".join(group) for group in needed if not any(name in names for name in group)]


def files_read(names: Collection[str], needed: Needed) -> list[str]:
    """Chooses the files to read: configurations, tokenizer, one set of weights, any adapter's.

    Args:
        names: All files of a repository.
        needed: Files of a whole checkpoint; of weights in several formats, the first is read.
    """
    there = [[name for name in group if name in names] for group in needed]
    chosen = [found[0] for found in there if found]
    settings = [name for name in names if "/" not in name and Path(name).suffix in SETTINGS]
    shards = [shard for name in chosen for shard in fnmatch.filter(names, _shards(name))]
    adapter = fnmatch.filter(names, "adapter_model.*")
    return sorted({*chosen, *settings, *shards, *adapter})


def _shards(name: str) -> str:
    """Returns the pattern of the shards that an index of weights names; "" for any other file."""
    whole = name.removesuffix(".index.json")
    return "" if whole == name else f"{Path(whole).stem}-*{Path(whole).suffix}"


def require_model_type(folder: Path, expected: str) -> None:
    """Checks that a checkpoint folder holds the architecture that an adapter knows.

    Args:
        folder: The checkpoint, with its `config.json`.
        expected: The `model_type` of that architecture.

    Raises:
        ModelError: It holds another one.
    """
    found = read_json(folder / "config.json").get("model_type")
    if found != expected:
        raise ModelError(f"checkpoint {folder} is of model_type '{found}', not '{expected}'")
