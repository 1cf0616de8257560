"""A run folder's tables as W&B shows them: as tables, and as charts over steps."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

import wandb

from vlminterp.results.parts import Parts

ROWS = 10_000
"""Rows of a table that W&B is given: as many as its own interface shows. The folder has all."""

STEP = "step"


def as_table(parts: Parts) -> wandb.Table:
    """The first `ROWS` rows; lists as JSON, for a W&B column has one type.

    Args:
        parts: A table of the run folder.
    """
    every = chain.from_iterable(table.to_pylist() for table in parts.tables())
    rows = list(islice(every, ROWS))
    columns: list[str | int] = list(dict.fromkeys(name for row in rows for name in row))
    data: list[Iterable[Any]] = [[_cell(row.get(name)) for name in columns] for row in rows]
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True)


def log_steps(run: "wandb.Run", name: str, parts: Parts) -> None:
    """Logs the numbers of a table that has a column `step`, as charts with that axis.

    Args:
        run: The W&B run.
        name: The table's; its charts are `NAME/COLUMN`.
        parts: The table; any other than one of steps is left out.
    """
    steps = _steps(parts)
    if not steps:
        return
    run.define_metric(f"{name}/{STEP}", hidden=True)
    run.define_metric(f"{name}/*", step_metric=f"{name}/{STEP}")
    for step in sorted(steps):
        means = {f"{name}/{key}": sum(v) / len(v) for key, v in steps[step].items()}
        run.log({f"{name}/{STEP}": step, **means})


def _steps(parts: Parts) -> dict[float, dict[str, list[float]]]:
    """The finite numbers of each step by column; several rows of a step are averaged."""
    steps: dict[float, dict[str, list[float]]] = {}
    for table in parts.tables():
        if STEP not in table.column_names:
            continue
        for row in table.to_pylist():
            step = row.pop(STEP)
            if _is_number(step):
                found = steps.setdefault(step, defaultdict(list))
                for key, value in row.items():
                    if _is_number(value):
                        found[key].append(float(value))
    return steps


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) and math.isfinite(value)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
