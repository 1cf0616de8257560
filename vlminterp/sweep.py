"""A multirun's folder: which runs it has, and which of them failed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from vlminterp.config import NOT_IDENTITY
from vlminterp.results.atomic import write_whole

SWEEP_FILE = "sweep.json"
FLAGS = ("-m", "--multirun", "hydra.mode=MULTIRUN")


class Sweep:
    """`outputs/sweeps/ID/sweep.json`: what every run of a multirun came to.

    Args:
        folder: The sweep's.
    """

    ended: "list[Sweep]" = []  # noqa: RUF012  Hydra keeps its callbacks to itself
    """The multiruns that this process has launched to their end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / SWEEP_FILE

    def note(self, line: str, run: Mapping[str, Any]) -> None:
        """Adds a run, or replaces what an earlier multirun of the same ID noted of it.

        Args:
            line: The run's overrides.
            run: Its plugin, model, data, path, and why it failed, if so.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            runs = {**self.runs(), line: dict(run)}
            write_whole(self._file, json.dumps(runs, indent=1, sort_keys=True).encode())

    def runs(self) -> dict[str, dict[str, Any]]:
        """The runs by their overrides."""
        runs: dict[str, dict[str, Any]] = {}
        return json.loads(self._file.read_text()) if self._file.exists() else runs

    def failed(self) -> int:
        """How many runs failed."""
        return sum(run["failed"] is not None for run in self.runs().values())


class NoteEnd(Callback):
    """Tells the process that launched a multirun where its folder is."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """Called by Hydra after the last run."""
        Sweep.ended.append(Sweep(Path(config.hydra.sweep.dir)))


def with_identity(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them; a multirun also gets its identity.

    The identity is one more override, so that every launcher hands it to its jobs. What changes no
    result is no part of it. The flag goes first: argparse refuses it among overrides.

    Example:
        >>> with_identity(["model=a,b", "-m", "console=quiet"])
        ['-m', 'model=a,b', 'console=quiet', 'sweep=dfec57f07e44']
    """
    if not set(FLAGS) & set(arguments):
        return list(arguments)
    others = [argument for argument in arguments if argument not in FLAGS]
    lasting = [a for a in others if a.partition("=")[0].partition(".")[0] not in NOT_IDENTITY]
    identity = hashlib.sha256("\n".join(sorted(lasting)).encode()).hexdigest()[:12]
    return ["-m", *others, f"sweep={identity}"]
