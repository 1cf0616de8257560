"""Keeps what a benchmark measured: under `outputs/`, and in tracked files only when asked to."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

BEGIN, END = "<!-- table -->", "<!-- end of table -->"
OUTPUTS = Path("outputs/benchmarks")


def machine() -> dict[str, str | int]:
    """Returns the facts of the machine that times depend on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def keep(folder: Path, numbers: Mapping[str, Any], table: Sequence[str], *, save: bool) -> None:
    """Writes a benchmark's numbers, and prints its table.

    Args:
        folder: The benchmark's folder, with a README that has a place for the table.
        numbers: The measured numbers.
        table: Lines of a Markdown table.
        save: Whether to write into that folder, whose files are tracked: `measured.json` and the
            README's table. Else the numbers go to `outputs/benchmarks/`.
    """
    path = folder / "measured.json" if save else OUTPUTS / f"{folder.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")
    if save:
        write_between(folder / "README.md", table)
    print("\n".join(table))


def write_between(readme: Path, lines: Sequence[str]) -> None:
    """Puts a table between the README's marks."""
    before, rest = readme.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    table = "\n".join(lines)
    readme.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", "utf-8")
