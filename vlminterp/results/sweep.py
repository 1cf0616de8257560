"""A multirun's folder: which runs it has, and what each of them came to."""

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
"""Overrides in a line; strings may hold spaces."""


class RunState(Enum):
    """How far a run is."""

    finished = "finished"
    failed = "failed"
    unfinished = "unfinished"
    """In progress, or its process was killed."""
    waiting = "not begun"


@dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        line: Its overrides.
        names: Of plugin, model and data, as far as they are known.
        folder: None if there is none yet.
        failed: Why it failed, one line; None if it did not.
    """

    line: str
    names: Mapping[str, str]
    folder: RunFolder | None
    failed: str | None

    @property
    def summary(self) -> Mapping[str, Any]:
        """Of a finished run; empty for another."""
        return (self.folder.summary if self.folder else None) or {}

    @property
    def state(self) -> RunState:
        """How far it is."""
        if self.failed is not None:
            return RunState.failed
        if self.summary:
            return RunState.finished
        return RunState.unfinished if self.names else RunState.waiting


class Sweep:
    """`outputs/sweeps/ID/sweep.json`: what every run of a multirun came to, by its overrides.

    Args:
        folder: The sweep's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / SWEEP_FILE

    @classmethod
    def of(cls, config: DictConfig) -> Self | None:
        """The sweep that a run belongs to, if any.

        Args:
            config: The run's.
        """
        if config.sweep is None:
            return None
        return cls(Path(config.output).expanduser() / "sweeps" / config.sweep)

    def plan(self, lines: Iterable[str]) -> None:
        """Lists all runs before the first begins, so that one which is killed is missed.

        Args:
            lines: The runs' overrides; what an earlier process noted of a run is kept.
        """
        with self._changing() as noted:
            known = dict(noted)
            noted.clear()
            noted.update({line: known.get(line, {}) for line in lines})

    def note(self, line: str, run: Mapping[str, Any]) -> None:
        """Notes what became of a run, in the place of what was noted before.

        Args:
            line: The run's overrides.
            run: Its `plugin`, `model`, `data` and `path`, and why it `failed`, one line: as far as
                they are known.
        """
        kept = dict(run)
        if kept.get("path") is not None:
            # From here, so that `outputs` can be moved, and looked at from anywhere.
            kept["path"] = os.path.relpath(kept["path"], self.folder)
        with self._changing() as noted:
            noted[line] = kept

    def load(self) -> dict[str, dict[str, Any]]:
        """What is noted of each run by its overrides, in the order in which they begin.

        A damaged file counts as empty: the sweep's line writes it again, run by run.
        """
        try:
            noted = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(noted, dict):
            return {}
        return {line: run for line, run in noted.items() if isinstance(run, dict)}

    def runs(self) -> list[Run]:
        """The runs, in the order in which they begin."""
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
        """A run's folder; None where it is not there, or no longer."""
        with suppress(ResultsError):
            return RunFolder.read(Path(os.path.normpath(self.folder / path))) if path else None
        return None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, dict[str, Any]]]:
        """Lets one process at a time change what is noted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            noted = self.load()
            yield noted
            write_whole(self._file, json.dumps(noted, indent=1).encode())


def short_names(lines: Sequence[str]) -> tuple[list[str], str]:
    """Short names of runs: their overrides, less those that all of them have.

    Args:
        lines: Of the runs.

    Returns:
        The names, and what is left out of them.

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
