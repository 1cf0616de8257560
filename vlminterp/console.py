"""What a finished run prints."""

import json
import sys
from typing import Any

from rich.console import Console as Terminal
from rich.table import Table

from vlminterp.config import Console
from vlminterp.results.run_folder import REPORT, RunFolder

COUNTS = {"pairs": "pairs", "skipped": "skipped", "truncated": "captions truncated"}
ARROWS = {True: "higher", False: "lower", None: ""}
SKIPS_SHOWN, WIDTH_IN_FILES = 5, 110


def show(results: RunFolder, console: Console) -> None:
    """Prints a finished run's scores and where everything is, to stdout.

    Args:
        results: The run folder.
        console: How much.
    """
    summary = results.summary or {}
    if console is Console.json:
        sys.stdout.write(json.dumps({**summary, "path": str(results.path)}) + "\n")
    elif console is Console.quiet:
        sys.stdout.write(f"{results.path}\n")
    else:
        # A file has no width; 80 columns would cut the metrics' names.
        width = None if sys.stdout.isatty() else WIDTH_IN_FILES
        terminal = Terminal(highlight=False, markup=False, width=width)
        if summary.get("metrics"):
            terminal.print(_scores(summary))
        if "verdict" in summary:
            terminal.print(summary["verdict"], style="bold")
        counts = [f"{summary[key]} {what}" for key, what in COUNTS.items() if key in summary]
        if counts:
            terminal.print(", ".join(counts))
        for skip in results.skips()[:SKIPS_SHOWN]:
            terminal.print(f"  skipped {skip.id}: {skip.reason}")
        # Not through the terminal, which would fold a long path.
        sys.stdout.write(f"report: {results.path / REPORT}\n")


def _scores(summary: dict[str, Any]) -> Table:
    """Each metric with its interval, beside the controls' means."""
    metrics = summary["metrics"]
    controls = sorted({name for metric in metrics.values() for name in _controls(metric)})
    directed = any(metric.get("higher_is_better") is not None for metric in metrics.values())
    names = (summary.get(part, "unnamed") for part in ("plugin", "model", "data"))
    table = Table(
        title=" · ".join(names),
        title_justify="left",
        caption=f"mean [95 % interval] over {summary.get('unit', 'pairs')}",
    )
    table.add_column("metric", no_wrap=True, overflow="fold")
    if directed:
        table.add_column("better")
    table.add_column(summary.get("plugin", "mean"), justify="right", no_wrap=True)
    for control in controls:
        table.add_column(control, justify="right", style="dim")
    for name, metric in metrics.items():
        better = [ARROWS[metric.get("higher_is_better")]] if directed else []
        beside = (_controls(metric).get(control) for control in controls)
        table.add_row(name, *better, _interval(metric), *(_mean(line) for line in beside))
    return table


def _controls(metric: dict[str, Any]) -> dict[str, Any]:
    controls: dict[str, Any] = metric.get("controls") or {}
    return controls


def _interval(metric: dict[str, Any]) -> str:
    if metric.get("low") is None:
        return _mean(metric)
    return f"{_mean(metric)} [{metric['low']:.3f}, {metric['high']:.3f}]"


def _mean(line: dict[str, Any] | None) -> str:
    return "" if line is None or line.get("mean") is None else f"{line['mean']:.3f}"
