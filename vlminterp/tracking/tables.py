"""Logs a run folder's tables to W&B, as tables and as charts over steps."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import wandb

from vlminterp.results.parts import Parts

Row = dict[str, Any]

INCREMENT = 1_000
"""Rows of one increment of a table."""

INCREMENTS = 100
"""Increments of a table that are logged, all that W&B shows; the results artifact has all rows."""

STEP = "step"

BEST: dict[bool | None, str] = {True: "max", False: "min"}
"""W&B's name for the best value, by whether higher is better."""


def log_table(run: "wandb.Run", key: str, parts: Parts) -> None:
    """Logs a table in increments, at most `INCREMENTS` of `INCREMENT` rows each.

    Args:
        run: The W&B run.
        key: The table's name in W&B.
        parts: The table; lists and dicts become JSON, since a W&B column has one type.
    """
    columns = dict.fromkeys(name for part in parts.tables() for name in part.column_names)
    table = wandb.Table(columns=list(columns), log_mode="INCREMENTAL", allow_mixed_types=True)
    rows = chain.from_iterable(part.to_pylist() for part in parts.tables())
    for some in islice(_batched(rows, INCREMENT), INCREMENTS):
        for row in some:
            table.add_data(*(cell(row.get(name)) for name in columns))
        run.log({key: table})


def _batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rows = iter(rows)
    while some := list(islice(rows, size)):
        yield some


def log_steps(
    run: "wandb.Run", name: str, parts: Parts, directions: Mapping[str, bool | None]
) -> None:
    """Logs the numbers of a table that has a column `step`, as charts with that axis.

    Args:
        run: The W&B run.
        name: The table's name; its charts are `NAME/COLUMN`.
        parts: The table; ignored if it has no steps.
        directions: Whether higher is better, by column, where known; W&B then keeps the best.
    """
    steps = step_values(parts)
    if not steps:
        return
    axis = f"{name}/{STEP}"
    run.define_metric(axis, hidden=True)
    run.define_metric(f"{name}/*", step_metric=axis)
    for column in sorted({column for values in steps.values() for column in values}):
        best = BEST.get(directions.get(column))
        if best is not None:
            run.define_metric(f"{name}/{column}", step_metric=axis, summary=f"last,{best}")
    for step in sorted(steps):
        means = {f"{name}/{key}": sum(v) / len(v) for key, v in steps[step].items()}
        run.log({axis: step, **means})


def step_values(parts: Parts) -> dict[float, dict[str, list[float]]]:
    """Returns the finite numbers of each step by column, one for each row that has one."""
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


def cell(value: Any) -> Any:
    """Returns a value for a W&B column, which has one type: lists and dicts become JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value
