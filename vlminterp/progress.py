"""Shows how far a run is: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Shows the stages of a run, one after another, on stderr.

    Example:
        >>> with Progress(quiet=True) as progress, progress.track("attribution", 8) as stage:
        ...     stage.advance(8)
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        bars: bool = True,
        label: str = "",
        stream: TextIO | None = None,
    ) -> None:
        """Shows nothing yet.

        Args:
            quiet: Show nothing at all.
            bars: Whether a terminal gets bars; several processes would draw over each other's.
            label: Stands before every stage, e.g. to tell runs apart.
            stream: Stream to write to; stderr by default.
        """
        self._quiet = quiet
        self._bars = bars
        self._label = f"{label}: " if label else ""
        self._stream = stream or sys.stderr
        self._bar: RichProgress | None = None

    def __enter__(self) -> Self:
        if self._bars and not self._quiet and self._stream.isatty():
            columns = (
                TextColumn("{task.description}", style="bold", markup=False),
                BarColumn(),
                _Count(),
                TimeRemainingColumn(),
            )
            self._bar = RichProgress(*columns, console=Console(file=self._stream))
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @contextmanager
    def track(
        self, stage: str, total: int | None, done: int = 0, unit: str = "pairs"
    ) -> Iterator["Tracker"]:
        """Shows one stage for as long as the block lasts.

        Args:
            stage: The stage's name.
            total: Number of units in all; None if unknown.
            done: Number that an earlier run has done; they count as done, not as speed.
            unit: The unit that is counted, in the plural.

        Yields:
            The stage's tracker, to call `advance` on.
        """
        done = done if total is None else min(done, total)
        stage = f"{self._label}{stage}"
        shown: Tracker = Tracker(total, done)
        if self._bar is not None:
            shown = _OnTerminal(self._bar, stage, total, unit, done)
        elif not self._quiet:
            shown = _InLog(self._stream, stage, total, unit, done)
        try:
            yield shown
        finally:
            shown.close()


class Tracker:
    """One stage of a run; this one shows nothing.

    Attributes:
        total: Number of units in all; None if unknown.
        done: Number of units done.
        remark: A line on the stage, said at its end, such as its slowest steps.
    """

    def __init__(self, total: int | None, done: int) -> None:
        """Begins with what an earlier run has done."""
        self.total = total
        self.done = done
        self.remark = ""

    def advance(self, n: int = 1) -> None:
        """Counts n more."""
        self.done += n

    def reach(self, n: int) -> None:
        """Counts up to n, unless more is done already: others may have done a part of it."""
        n = n if self.total is None else min(n, self.total)
        self.advance(max(0, n - self.done))

    def close(self) -> None:
        """Shows the end."""


class _OnTerminal(Tracker):
    """A stage shown as a bar on a terminal."""

    def __init__(
        self, bar: RichProgress, stage: str, total: int | None, unit: str, done: int
    ) -> None:
        super().__init__(total, done)
        self._bar, self._stage = bar, stage
        self._task = bar.add_task(stage, total=total, completed=done, unit=unit)

    def advance(self, n: int = 1) -> None:
        super().advance(n)
        self._bar.advance(self._task, n)

    def close(self) -> None:
        if self.remark:
            self._bar.update(self._task, description=f"{self._stage} ({self.remark})")
        self._bar.stop_task(self._task)


class _InLog(Tracker):
    """A stage shown in a log: at most one line in ten seconds, and one at the end."""

    def __init__(self, stream: TextIO, stage: str, total: int | None, unit: str, done: int) -> None:
        super().__init__(total, done)
        self._stream, self._stage, self._unit = stream, stage, unit
        self._done_before = done
        self._began = self._last_line = time.monotonic()

    def advance(self, n: int = 1) -> None:
        super().advance(n)
        if time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._line(final=False)

    def close(self) -> None:
        self._line(final=True)

    def _line(self, *, final: bool) -> None:
        self._last_line = time.monotonic()
        seconds = self._last_line - self._began
        speed = (self.done - self._done_before) / seconds if seconds > 0 else 0.0
        parts = [] if self.total is None and not self.done else [self._count(), f"{speed:.3g}/s"]
        if final:
            parts.append(_duration(seconds))
        elif self.total is not None and speed > 0:
            parts.append(f"{_duration((self.total - self.done) / speed)} left")
        remark = f" ({self.remark})" if final and self.remark else ""
        print(f"{self._stage}: {', '.join(parts)}{remark}", file=self._stream, flush=True)

    def _count(self) -> str:
        return f"{self.done}{'' if self.total is None else f'/{self.total}'} {self._unit}"


class _Count(ProgressColumn):
    """A column of the count and its speed; empty for a stage that counts nothing."""

    def render(self, task: Task) -> Text:
        if task.total is None and not task.completed:
            return Text("")
        whole = "" if task.total is None else f"/{task.total:.0f}"
        speed = task.finished_speed or task.speed
        rate = "" if speed is None else f", {speed:.3g}/s"
        return Text(f"{task.completed:.0f}{whole} {task.fields['unit']}{rate}")


def _duration(seconds: float) -> str:
    """Formats seconds as a clock shows them.

    Example:
        >>> _duration(75.4), _duration(3605)
        ('1:15', '1:00:05')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
