"""Where a checkpoint is, and whether a folder holds a whole one."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vlminterp.errors import ModelError

PACKAGE = "pkg://"
READ_SUFFIXES = {".json", ".safetensors", ".txt", ".model", ".bin"}
TOKENIZER = ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model", "spiece.model")
"""Files of which a tokenizer of transformers has one."""


def resolve_checkpoint(checkpoint: str, key: str = "model.checkpoint", install: str = "") -> str:
    """Turns `pkg://package/path` into the folder inside an installed package.

    Args:
        checkpoint: A folder, a hub id, or a place inside a package, which is not imported.
        key: The option that names it, for messages.
        install: What to run where the package is missing, for messages.

    Raises:
        ModelError: A local path that does not exist.
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
    """The files of a checkpoint folder that its numbers depend on."""
    return sorted(path for path in folder.iterdir() if path.suffix in READ_SUFFIXES)


def read_json(path: Path) -> dict[str, Any]:
    """Reads a configuration file.

    Raises:
        ModelError: It holds no JSON object.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object")
    return found


def require_files(folder: Path, needed: Sequence[Sequence[str]]) -> None:
    """Checks that a checkpoint folder is whole.

    Args:
        folder: The checkpoint.
        needed: Groups of names; one of each group must be there.

    Raises:
        ModelError: Naming every file that is missing.
    """
    missing = [
        " or ".join(names)
        for names in needed
        if not any((folder / name).is_file() for name in names)
    ]
    if missing:
        raise ModelError(f"checkpoint {folder} lacks {', '.join(missing)}")


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
