"""Training checkpoints: those that are whole are marked, so that training can resume."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vlminterp.results.atomic import write_whole

PREFIX = "checkpoint-"
WHOLE = "whole"
STATE, ADAPTER = "trainer_state.json", "adapter_config.json"
CARD = "README.md"
"""TRL's model card, written beside the checkpoints too. It lists a set in arbitrary order."""
NO_RESULTS = ("training_args.bin", CARD)
"""Files that hold the output folder's path or a card about it; resuming does not need them."""
CLOCKS = ("step_time", "_runtime", "_per_second")


def mark_whole(folder: Path, step: int) -> None:
    """Marks that the checkpoint of a step, and the rows up to it, are all on disk.

    Timings are removed and sets are sorted first: equal trainings leave equal files.

    Args:
        folder: Folder of the checkpoints.
        step: The optimiser step that the checkpoint is of.
    """
    checkpoint = folder / f"{PREFIX}{step}"
    for name in NO_RESULTS:
        (checkpoint / name).unlink(missing_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    _rewrite(checkpoint / STATE, _without_clocks)
    _rewrite(checkpoint / ADAPTER, _sorted_targets)
    write_whole(checkpoint / WHOLE, json.dumps(_digests(checkpoint), indent=1).encode())


def whole_checkpoints(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yields step and folder of each undamaged checkpoint, the latest first."""
    found = {int(path.name.removeprefix(PREFIX)): path for path in folder.glob(f"{PREFIX}*")}
    return ((step, found[step]) for step in sorted(found, reverse=True) if _is_whole(found[step]))


def discard_after(folder: Path, step: int) -> None:
    """Deletes the checkpoints of later steps, which training is about to make again.

    Left there, they would crowd out the new ones: only the last few are kept.

    Args:
        folder: Folder of the checkpoints.
        step: The step that training resumes from; 0 if it begins anew.
    """
    for path in folder.glob(f"{PREFIX}*"):
        if int(path.name.removeprefix(PREFIX)) > step:
            shutil.rmtree(path)


def _is_whole(checkpoint: Path) -> bool:
    try:
        noted = json.loads((checkpoint / WHOLE).read_bytes())
        return bool(noted) and noted == _digests(checkpoint)
    except (OSError, ValueError):
        return False


def _digests(checkpoint: Path) -> dict[str, str]:
    """Returns the sha256 of every file by name; their contents are on disk when this returns."""
    found = {}
    for path in sorted(checkpoint.iterdir()):
        if path.is_file() and path.name != WHOLE:
            with path.open("rb") as file:
                os.fsync(file.fileno())
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _rewrite(path: Path, change: Any) -> None:
    if path.is_file():
        content = change(json.loads(path.read_bytes()))
        write_whole(path, (json.dumps(content, indent=2, sort_keys=True) + "\n").encode())


def _without_clocks(state: dict[str, Any]) -> dict[str, Any]:
    state["log_history"] = [
        {name: value for name, value in entry.items() if not name.endswith(CLOCKS)}
        for entry in state["log_history"]
    ]
    return state


def _sorted_targets(adapter: dict[str, Any]) -> dict[str, Any]:
    if isinstance(adapter.get("target_modules"), list):
        adapter["target_modules"].sort()
    return adapter
