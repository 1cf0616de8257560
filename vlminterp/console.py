"""What a finished run prints."""

import json
import sys
from typing import Any

from rich.console import Console as Terminal
from rich.table import Table

from vlminterp.config import Console
from vlminterp.results.run_folder import REPORT, RunFolder

COUNTS = {"pairs": "pairs", "skipped": "skipped", "truncated": "captions truncated"}
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
        terminal = Terminal(highlight=False, width=width)
        if "metrics" in summary:
            terminal.print(_scores(summary))
        counts = [f"{summary[key]} {what}" for key, what in COUNTS.items() if key in summary]
        terminal.print(", ".join(counts))
        for skip in results.skips()[:SKIPS_SHOWN]:
            terminal.print(f"  skipped {skip.id}: {skip.reason}", markup=False)
        # Not through the terminal, which would fold a long path.
        sys.stdout.write(f"report: {results.path / REPORT}\n")


def _scores(summary: dict[str, Any]) -> Table:
    """Each metric with its interval, beside the controls' means."""
    metrics = summary["metrics"]
    controls = sorted({name for metric in metrics.values() for name in metric["controls"]})
    title = f"{summary['plugin']} · {summary['model']} · {summary['data']}"
    table = Table(title=title, title_justify="left", caption="mean [95 % interval] over pairs")
    table.add_column("metric", no_wrap=True, overflow="fold")
    table.add_column("better")
    table.add_column(summary["plugin"], justify="right", no_wrap=True)
    for control in controls:
        table.add_column(control, justify="right", style="dim")
    arrows = {True: "higher", False: "lower", None: ""}
    for name, metric in metrics.items():
        own = f"{metric['mean']:.3f}"
        if metric["low"] is not None:
            own += f" [{metric['low']:.3f}, {metric['high']:.3f}]"
        beside = [
            f"{metric['controls'][control]['mean']:.3f}" if control in metric["controls"] else ""
            for control in controls
        ]
        table.add_row(name, arrows[metric["higher_is_better"]], own, *beside)
    return table
