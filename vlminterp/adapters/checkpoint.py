"""One clear line for every checkpoint that can't be loaded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


@contextmanager
def hub_errors(checkpoint: str) -> Iterator[None]:
    """Turns what transformers, open_clip and the hub raise while loading into one line."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if Path(checkpoint).is_dir():
            raise ModelError(f"checkpoint {checkpoint} can't be loaded: {reason}") from error
        raise ModelError(
            f"'{checkpoint}' can't be had from the hub ({reason}); "
            "offline? point model.checkpoint=/local/folder at its files"
        ) from error
