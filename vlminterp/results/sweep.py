"""A multirun's folder, which lists its runs and the outcome of each."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Self

from filelock import FileLock
from omegaconf import DictConfig

from vlminterp.errors import ResultsError
from vlminterp.results.atomic import write_whole
from vlminterp.results.run_folder import RunFolder

SWEEP_FILE = "sweep.json"
NAMES = ("plugin", "model", "data")
_WORDS = re.compile(r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\S)+""")
"""Pattern of one override in a line; quoted strings may hold spaces."""


class RunState(Enum):
    """Progress of one run of a sweep."""

    finished = "finished"
    failed = "failed"
    unfinished = "unfinished"
    """The run is in progress, or its process was killed."""
    waiting = "not begun"


@dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        line: The run's overrides.
        names: Names of plugin, model and data, as far as they are known.
        folder: The run's folder; None if there is none yet, or no longer.
        failed: One line on why the run failed; None if it did not.
    """

    line: str
    names: Mapping[str, str]
    folder: RunFolder | None
    failed: str | None

    @property
    def summary(self) -> Mapping[str, Any]:
        """Summary of a finished run; empty for any other."""
        return (self.folder.summary if self.folder else None) or {}

    @property
    def state(self) -> RunState:
        """Progress of the run."""
        if self.failed is not None:
            return RunState.failed
        if self.summary:
            return RunState.finished
        return RunState.unfinished if self.names else RunState.waiting


class Sweep:
    """The file `outputs/sweeps/ID/sweep.json`: a multirun's runs and their outcomes, by overrides.

    Args:
        folder: The sweep's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / SWEEP_FILE

    @classmethod
    def of(cls, config: DictConfig) -> Self | None:
        """Returns the sweep that a run belongs to, if any.

        Args:
            config: The run's configuration.
        """
        if config.sweep is None:
            return None
        return cls(Path(config.output).expanduser() / "sweeps" / config.sweep)

    def plan(self, lines: Iterable[str]) -> None:
        """Lists all runs before the first begins, so that a killed one is not overlooked.

        Args:
            lines: The runs' overrides; what an earlier process noted about these runs is kept, what
                it noted about others is not.
        """
        with self._changing() as noted:
            known = dict(noted)
            noted.clear()
            noted.update({line: known.get(line, {}) for line in lines})

    def note(self, line: str, run: Mapping[str, Any]) -> None:
        """Notes the outcome of a run, in place of what was noted before.

        Args:
            line: The run's overrides.
            run: The run's `plugin`, `model`, `data` and `path`, and one line on why it `failed`, as
                far as they are known.
        """
        kept = dict(run)
        if kept.get("path") is not None:
            # Relative to the sweep, so that `outputs` can be moved, and read from any folder.
            kept["path"] = os.path.relpath(kept["path"], self.folder)
        with self._changing() as noted:
            noted[line] = kept

    def load(self) -> dict[str, dict[str, Any]]:
        """Returns what is noted about each run, by its overrides, in the order in which they begin.

        A damaged file counts as empty: repeating the sweep's command writes it again, run by run.
        """
        try:
            noted = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(noted, dict):
            return {}
        return {line: run for line, run in noted.items() if isinstance(run, dict)}

    def runs(self) -> list[Run]:
        """Returns the runs, in the order in which they begin."""
        return [
            Run(
                line=line,
                names={part: str(run[part]) for part in NAMES if part in run},
                folder=self._run_folder(run.get("path")),
                failed=run.get("failed"),
            )
            for line, run in self.load().items()
        ]

    def _run_folder(self, path: str | None) -> RunFolder | None:
        """Returns a run's folder; None if there is none yet, or no longer."""
        with suppress(ResultsError):
            return RunFolder.read(Path(os.path.normpath(self.folder / path))) if path else None
        return None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Lets one process at a time change the notes, which are written when the block ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            noted = self.load()
            yield noted
            write_whole(self._file, json.dumps(noted, indent=1).encode())


def short_names(lines: Sequence[str]) -> tuple[list[str], str]:
    """Returns short names of runs: their overrides, less those that all of them have.

    Args:
        lines: The overrides of each run.

    Returns:
        The names, and what is left out of them; a single run keeps all of its overrides.

    Example:
        >>> short_names(["+plugin=ex2 data.text='a cat'", "+plugin=ex2 data.text='a dog'"])
        (["data.text='a cat'", "data.text='a dog'"], '+plugin=ex2')
    """
    words = [_WORDS.findall(line) for line in lines]
    shared = [word for word in (words or [[]])[0] if all(word in own for own in words)]
    if len(lines) < 2:
        return list(lines), ""
    names = [" ".join(word for word in own if word not in shared) for own in words]
    return names, " ".join(shared)
