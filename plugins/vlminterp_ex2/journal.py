"""Training's two tables: a row for each step, and some of the responses of each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.timings import TIMINGS

ALIGN, SAMPLES = "align", "samples"

Row = dict[str, Any]


class Journal:
    """Holds rows until a checkpoint is written, so that a table never runs ahead of it.

    Args:
        results: The run folder; steps go into its table `align`, responses into `samples`.
        part: Steps in each part of the tables.

    Attributes:
        steps: The rows of all steps so far, those of earlier processes included.
    """

    def __init__(self, results: RunFolder, part: int) -> None:
        self.steps: list[Row] = []
        self._tables = {ALIGN: results.table(ALIGN), SAMPLES: results.table(SAMPLES)}
        self._part = part
        self._responses: list[Row] = []
        self._written = 0

    def take_up(self, step: int) -> bool:
        """Takes up the rows that an earlier process has written up to a step.

        Returns:
            Whether every row is there; if not, nothing is taken up.
        """
        found = [row for row in rows_of(self._tables[ALIGN]) if row["step"] <= step]
        if [row["step"] for row in found] != list(range(1, step + 1)):
            return False
        self.steps, self._responses, self._written = found, [], step
        return True

    def add(self, row: Row, responses: Sequence[Mapping[str, Any]]) -> None:
        """Records one step.

        Args:
            row: The step's row, with its number, from 1, as `step`.
            responses: Responses of that step.
        """
        self.steps.append(row)
        self._responses += [{"step": row["step"], **response} for response in responses]

    def write(self) -> None:
        """Writes the rows recorded since the last call as one part of each table."""
        new = self.steps[self._written :]
        if not new:
            return
        number = (new[0]["step"] - 1) // self._part
        # Responses first: once the steps are there, everything is.
        self._tables[SAMPLES].write(number, self._responses, {})
        self._tables[ALIGN].write(number, new, {})
        self._responses, self._written = [], len(self.steps)


def timings(folder: Path) -> list[dict[str, float]]:
    """Returns the time that each step took, in order: `step`, `seconds`, `reward_seconds`.

    Args:
        folder: Folder of the checkpoints: `work/align` in the stage's folder.
    """
    file = folder / TIMINGS
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    found = {row["step"]: row for row in map(json.loads, lines)}
    return [found[step] for step in sorted(found)]


def rows_of(table: Parts) -> list[Row]:
    """Returns all rows of a table, in order."""
    return [row for part in table.tables() for row in part.to_pylist()]
