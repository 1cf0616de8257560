"""Where a checkpoint is, and whether a folder holds a whole one."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from vlminterp.errors import ModelError

PACKAGE = "pkg://"


def resolve_checkpoint(checkpoint: str) -> str:
    """Turns `pkg://package/path` into the folder inside an installed package.

    Args:
        checkpoint: A folder, a hub id, or a place inside a package.

    Raises:
        ModelError: A local path that does not exist.
    """
    if checkpoint.startswith(PACKAGE):
        package, _, inside = checkpoint.removeprefix(PACKAGE).partition("/")
        return str(files(package) / inside)
    if checkpoint.startswith(("/", "./", "../", "~")):
        path = Path(checkpoint).expanduser()
        if not path.is_dir():
            raise ModelError(f"model.checkpoint={checkpoint}: no such folder")
        return str(path)
    return checkpoint


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
        ModelError: It holds another one, or the config can't be read.
    """
    try:
        found = json.loads((folder / "config.json").read_text("utf-8")).get("model_type")
    except (ValueError, AttributeError) as error:
        raise ModelError(f"{folder / 'config.json'} is no JSON object: {error}") from error
    if found != expected:
        raise ModelError(f"checkpoint {folder} is of model_type '{found}', not '{expected}'")
