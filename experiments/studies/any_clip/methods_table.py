"""Writes the table of which attribution method runs on how many architectures, and why not."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vlminterp_attribution.registry import OWN, load_method

from vlminterp.attribution.explanation import Side

RUNS = "runs"
BACKENDS = {"transformers": "families of transformers", "open_clip": "architectures of open_clip"}
Outcomes = dict[str, dict[str, list[str]]]
"""By side and outcome, the names of methods."""


def write_table(rows: Sequence[Mapping[str, Any]], there: Mapping[str, int], path: Path) -> None:
    """Writes the table.

    Args:
        rows: Rows that `methods.py` has written.
        there: Number of architectures that there are, tried or not, by backend.
        path: Path of the Markdown file.
    """
    by_backend = {
        backend: [row for row in rows if row["key"].split()[0] == backend] for backend in BACKENDS
    }
    counted = " and ".join(
        f"{len(by_backend[b])} of {there[b]} {what}" for b, what in BACKENDS.items()
    )
    columns = [(backend, side.value) for backend in BACKENDS for side in Side]
    lines = [
        "# Which attribution methods run on which architectures",
        "",
        "Made by `python -m experiments.studies.any_clip.methods`: each method on two pairs, on "
        f"{counted}, shrunk and with random weights. A method *runs* if its scores are finite and "
        "not all zero.",
        "",
        "| method | needs | " + " | ".join(f"{b}, {side}" for b, side in columns) + " |",
        "|-|-|" + "-|" * len(columns),
    ]
    for name in OWN:
        cells = [_share(name, side, by_backend[backend]) for backend, side in columns]
        lines.append(f"| `{name}` | {load_method(name).needs.value} | " + " | ".join(cells) + " |")
    path.write_text("\n".join([*lines, "", "## Which do not, and why", "", *_reasons(rows)]) + "\n")


def _share(name: str, side: str, rows: Sequence[Mapping[str, Any]]) -> str:
    if Side(side) not in load_method(name).sides:
        return "–"
    return f"{sum(name in row[side][RUNS] for row in rows)} of {len(rows)}"


def _reasons(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lists each reason with its methods and architectures, where these are the same for all."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in rows:
        for side in Side:
            for outcome, names in row[side.value].items():
                if outcome != RUNS:
                    reason = re.sub(r"\b\d+\b", "n", outcome)
                    found[side.value, reason, ", ".join(names)].append(row["key"].split()[1])
    return [
        f"- **{side}**, {names}: {reason}. {len(where)}: {', '.join(where)}."
        for (side, reason, names), where in sorted(found.items())
    ]
