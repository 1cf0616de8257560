"""What becomes of a run while it goes: told to the user, and noted in its sweep."""

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
    """A run of its own: its scores are printed.

    Args:
        console: How much is told.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def progress(self) -> Progress:
        """What shows how far the run is."""
        return Progress(quiet=self._console is not Console.rich)

    def begun(self, path: Path) -> None:
        """Called with the run's folder before anything is computed."""

    def done(self, results: RunFolder) -> None:
        """Called when everything is computed."""
        show(results, self._console)


class SweepRunReporter(RunReporter):
    """A run of a sweep, perhaps in a process of a launcher's: its sweep prints it with the others.

    Args:
        console: How much is told.
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
        """Notes what the run's plugin, model and data are called."""
        self._tell(" ".join(names.values()))
        self._note(names)

    def progress(self) -> Progress:
        """Bars where the runs come one after another; lines where several run at once."""
        own_process = bool(PlanSweep.launched)
        quiet = self._console is not Console.rich
        return Progress(quiet=quiet, bars=own_process, label=self._place)

    def begun(self, path: Path) -> None:
        """Notes where the results are."""
        self._note({"path": str(path)})

    def done(self, results: RunFolder) -> None:
        """Says what was found, in a line."""
        seconds = time.monotonic() - self._began
        found = headline_of(results.names["plugin"], results.summary or {})
        self._tell(f"{seconds:.0f} s: {found}")

    def failed(self, reason: str) -> None:
        """Notes and says why the run failed."""
        self._note({"failed": reason})
        say(f"{self._place}: {reason}")

    def _note(self, found: dict[str, Any]) -> None:
        self._noted |= found
        self._sweep.note(self._line, self._noted)

    def _tell(self, line: str) -> None:
        if self._console is Console.rich:
            say(f"{self._place}: {line}")
