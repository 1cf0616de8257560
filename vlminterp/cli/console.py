"""The output of finished runs and sweeps."""

import json
import os
import sys
from typing import Any

from rich.console import Console as Terminal
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from vlminterp.config.run import Console
from vlminterp.plugin import headline_of
from vlminterp.results.headline import interval, pairs_with_truth
from vlminterp.results.run_folder import REPORT, RunFolder
from vlminterp.results.sweep import Run, RunState, Sweep, short_names
from vlminterp.secrets import redacted

COUNTS = {"pairs": "pairs", "skipped": "skipped", "truncated": "captions truncated"}
ARROWS = {True: "↑", False: "↓", None: ""}
BETTER = "↑ higher or ↓ lower is better; "
STYLES = {RunState.finished: "green", RunState.failed: "red"}
SKIPS_SHOWN, WIDTH_IN_FILES, MUCH = 5, 110, 1000
FIRST_BASELINES = ("random", "shuffled")
"""Baselines that come first where there is no room for all."""


def say(line: str) -> None:
    """Prints a message to stderr, since stdout is for results; secrets in it are redacted."""
    sys.stderr.write(f"vlminterp: {redacted(line)}\n")


def show(results: RunFolder, console: Console) -> None:
    """Prints a finished run to stdout.

    Args:
        results: The run folder.
        console: The form: scores and the report's path; the folder's path; or the summary and the
            path as a JSON object.
    """
    summary = results.summary or {}
    if console is Console.json:
        sys.stdout.write(json.dumps({**summary, "path": str(results.path)}) + "\n")
    elif console is Console.quiet:
        sys.stdout.write(f"{results.path}\n")
    else:
        terminal = _terminal()
        if "verdict" in summary:
            terminal.print(summary["verdict"], style="bold")
        if summary.get("metrics"):
            terminal.print(_scores(summary, terminal))
        counts = [f"{summary[key]} {what}" for key, what in COUNTS.items() if key in summary]
        if truth := pairs_with_truth(summary):
            counts.append(f"truth for {truth} pairs")
        if counts:
            terminal.print(", ".join(counts))
        for skip in results.skips()[:SKIPS_SHOWN]:
            terminal.print(f"  skipped {skip.id}: {skip.reason}")
        # Not through the terminal, which would fold a long path.
        sys.stdout.write(f"report: {results.path / REPORT}\n")


def show_sweep(sweep: Sweep, console: Console) -> None:
    """Prints the outcomes of a sweep's runs to stdout.

    Args:
        sweep: The sweep.
        console: The form: a table; the finished runs' folders; or a JSON object for each run, with
            its `run` (the overrides), `state`, `failed` and `path` beside its summary.
    """
    runs = sweep.runs()
    if console is Console.json:
        for run in runs:
            sys.stdout.write(json.dumps(_object(run)) + "\n")
    elif console is Console.quiet:
        for run in runs:
            if run.folder and run.state is RunState.finished:
                sys.stdout.write(f"{run.folder.path}\n")
    elif runs:
        _terminal().print(_overview(runs))


def _object(run: Run) -> dict[str, Any]:
    path = str(run.folder.path) if run.folder else None
    state = {"run": run.line, "state": run.state.value, "failed": run.failed, "path": path}
    return {**run.names, **run.summary, **state}


def _overview(runs: list[Run]) -> Table:
    """Makes a table with each run's name, state, result or reason of failure, and folder."""
    names, shared = short_names([run.line for run in runs])
    table = Table(title=shared, title_justify="left")
    for column in ("run", "status", "result", "folder"):
        table.add_column(column, overflow="fold", no_wrap=column == "status")
    for name, run in zip(names, runs, strict=True):
        told = run.failed or headline_of(run.names.get("plugin"), run.summary)
        # The folder from where the user is: absolute paths leave no room for the rest.
        where = os.path.relpath(run.folder.path) if run.folder else ""
        state = Text(run.state.value, STYLES.get(run.state, "yellow"))
        table.add_row(name, state, told, where)
    return table


def _terminal() -> Terminal:
    # A file has no width; 80 columns would cut the metrics' names.
    width = None if sys.stdout.isatty() else WIDTH_IN_FILES
    return Terminal(highlight=False, markup=False, width=width)


def _scores(summary: dict[str, Any], terminal: Terminal) -> Table:
    """Makes a table of the metrics beside as many baselines as the terminal has room for."""
    metrics = summary["metrics"].values()
    baselines = list(dict.fromkeys(name for metric in metrics for name in _baselines(metric)))
    baselines.sort(key=lambda name: (name not in FIRST_BASELINES, name))
    wide = Terminal(width=MUCH)
    for left_out in range(len(baselines)):
        table = _table(summary, baselines, left_out)
        # Measured on a wide terminal: on its own one it would always seem to fit.
        if Measurement.get(wide, wide.options, table).maximum <= terminal.width:
            return table
    return _table(summary, baselines, len(baselines))


def _table(summary: dict[str, Any], baselines: list[str], left_out: int) -> Table:
    """Makes a table of the metrics with their intervals, beside the first baselines' means."""
    metrics, shown = summary["metrics"], baselines[: len(baselines) - left_out]
    directed = any(metric.get("higher_is_better") is not None for metric in metrics.values())
    names = (summary.get(part, "unnamed") for part in ("plugin", "model", "data"))
    over = summary.get("unit", "pairs")
    more = f"; {left_out} more baselines are in the report" if left_out else ""
    table = Table(
        title=" · ".join(names),
        title_justify="left",
        caption=f"{BETTER if directed else ''}mean [95 % interval] over {over}{more}",
    )
    table.add_column("metric", no_wrap=True, overflow="fold")
    if directed:
        table.add_column("")
    table.add_column(summary.get("plugin", "mean"), justify="right", no_wrap=True)
    for baseline in shown:
        table.add_column(baseline, justify="right", style="dim", no_wrap=True)
    for name, metric in metrics.items():
        better = [ARROWS[metric.get("higher_is_better")]] if directed else []
        beside = (_mean(_baselines(metric).get(baseline)) for baseline in shown)
        table.add_row(name, *better, _mean_and_interval(metric), *beside)
    return table


def _baselines(metric: dict[str, Any]) -> dict[str, Any]:
    baselines: dict[str, Any] = metric.get("baselines") or {}
    return baselines


def _mean_and_interval(metric: dict[str, Any]) -> str:
    return "" if metric.get("mean") is None else interval(metric)


def _mean(line: dict[str, Any] | None) -> str:
    return "" if line is None or line.get("mean") is None else f"{line['mean']:.3f}"
