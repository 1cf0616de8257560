"""Reporters that tell the user how a run goes, and note it in its sweep."""

import time
from pathlib import Path
from typing import Any

from vlminterp.cli.console import say, show
from vlminterp.cli.multirun import PlanSweep
from vlminterp.config.run import Console
from vlminterp.plugin import headline_of
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep


class RunReporter:
    """The reporter of a run outside a sweep, which prints the run's scores.

    Args:
        console: Form of the output.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def progress(self) -> Progress:
        """Returns the display of the run's progress."""
        return Progress(quiet=self._console is not Console.rich)

    def begun(self, path: Path) -> None:
        """Receives the run's folder before anything is computed."""

    def done(self, results: RunFolder) -> None:
        """Prints the results when everything is computed."""
        show(results, self._console)


class SweepRunReporter(RunReporter):
    """The reporter of a run in a sweep, perhaps in a process that a launcher has started.

    It notes the run's outcome in the sweep, which is printed as a whole at the end.

    Args:
        console: Form of the output.
        sweep: The sweep.
        line: The run's overrides.
    """

    def __init__(self, console: Console, sweep: Sweep, line: str) -> None:
        super().__init__(console)
        self._sweep, self._line = sweep, line
        self._noted: dict[str, Any] = {}
        self._began = time.monotonic()
        lines = list(sweep.load())
        self._place = "run"
        if line in lines:
            self._place = f"run {lines.index(line) + 1} of {len(lines)}"

    def named(self, names: dict[str, str]) -> None:
        """Notes the names of the run's plugin, model and data."""
        self._tell(" ".join(names.values()))
        self._note(names)

    def progress(self) -> Progress:
        """Returns a display of bars if runs come one by one, of lines if several run at once."""
        own_process = bool(PlanSweep.launched)
        quiet = self._console is not Console.rich
        return Progress(quiet=quiet, bars=own_process, label=self._place)

    def begun(self, path: Path) -> None:
        """Notes the run's folder."""
        self._note({"path": str(path)})

    def done(self, results: RunFolder) -> None:
        """Prints in one line how long the run took and what it found."""
        seconds = time.monotonic() - self._began
        found = headline_of(results.names["plugin"], results.summary or {})
        self._tell(f"{seconds:.0f} s: {found}")

    def failed(self, reason: str) -> None:
        """Notes and prints why the run failed."""
        self._note({"failed": reason})
        say(f"{self._place}: {reason}")

    def _note(self, found: dict[str, Any]) -> None:
        self._noted |= found
        self._sweep.note(self._line, self._noted)

    def _tell(self, line: str) -> None:
        if self._console is Console.rich:
            say(f"{self._place}: {line}")
