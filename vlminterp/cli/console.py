"""The output of finished runs and sweeps."""

import json
import os
import sys
from typing import Any

from rich.console import Console as Terminal
from rich.table import Table
from rich.text import Text

from vlminterp.config.run import Console
from vlminterp.plugin import headline_of
from vlminterp.results.headline import interval, pairs_with_truth
from vlminterp.results.run_folder import REPORT, RunFolder
from vlminterp.results.sweep import Run, RunState, Sweep, short_names
from vlminterp.secrets import redacted

COUNTS = {"pairs": "pairs", "skipped": "skipped", "truncated": "captions truncated"}
ARROWS = {True: "higher", False: "lower", None: ""}
STYLES = {RunState.finished: "green", RunState.failed: "red"}
SKIPS_SHOWN, WIDTH_IN_FILES = 5, 110


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
        if summary.get("metrics"):
            terminal.print(_scores(summary))
        if "verdict" in summary:
            terminal.print(summary["verdict"], style="bold")
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


def _scores(summary: dict[str, Any]) -> Table:
    """Makes a table of the metrics with their intervals, beside the baselines' means."""
    metrics = summary["metrics"]
    baselines = sorted({name for metric in metrics.values() for name in _baselines(metric)})
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
    for baseline in baselines:
        table.add_column(baseline, justify="right", style="dim")
    for name, metric in metrics.items():
        better = [ARROWS[metric.get("higher_is_better")]] if directed else []
        beside = (_baselines(metric).get(baseline) for baseline in baselines)
        table.add_row(name, *better, _mean_and_interval(metric), *(_mean(line) for line in beside))
    return table


def _baselines(metric: dict[str, Any]) -> dict[str, Any]:
    baselines: dict[str, Any] = metric.get("baselines") or {}
    return baselines


def _mean_and_interval(metric: dict[str, Any]) -> str:
    return "" if metric.get("mean") is None else interval(metric)


def _mean(line: dict[str, Any] | None) -> str:
    return "" if line is None or line.get("mean") is None else f"{line['mean']:.3f}"
