"""Clocks stand in a file of their own, so that all other files are the same in every run."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from vlminterp.results.atomic import writing

TIMINGS = "timings.jsonl"

T = TypeVar("T")


class Stopwatch:
    """Sums up the seconds that each kind of work takes.

    Attributes:
        seconds: Seconds by kind, in the order in which kinds came up.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, kind: str) -> Iterator[None]:
        """Counts the length of a block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - began
            self.seconds[kind] = self.seconds.get(kind, 0.0) + spent

    def each(self, kind: str, items: Iterable[T]) -> Iterator[T]:
        """Yields items, and counts the time that each takes to come."""
        iterator = iter(items)
        while True:
            with self.time(kind):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        """Returns the seconds by kind since an earlier state of `seconds`."""
        return {kind: spent - before.get(kind, 0.0) for kind, spent in self.seconds.items()}


def note_time(folder: Path, **seconds: float) -> None:
    """Appends how long something took.

    Args:
        folder: A work folder of the run.
        seconds: Seconds by kind of work, with what they belong to, such as `step` or `part`.

    Raises:
        ResultsError: The file can't be written.
    """
    path = folder / TIMINGS
    with writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(seconds) + "\n")


def shares(seconds: Mapping[str, float]) -> str:
    """Says what share of the time each kind of work took; empty for no time at all.

    Example:
        >>> shares({"reading": 1.0, "explaining": 3.0})
        'reading 25 %, explaining 75 %'
    """
    whole = sum(seconds.values())
    return ", ".join(f"{kind} {100 * each / whole:.0f} %" for kind, each in seconds.items() if each)
