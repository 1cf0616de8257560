"""The page of a sweep: its runs side by side."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup, escape

from vlminterp.drawing.charts.svg import element
from vlminterp.errors import ConfigError, ResultsError
from vlminterp.plugin import headline_of, load_plugin
from vlminterp.report.attribution import scale_style
from vlminterp.report.content import Section
from vlminterp.report.finder import script
from vlminterp.report.sweep.attribution import attribution_comparison
from vlminterp.report.sweep.comparison import SweepComparison
from vlminterp.report.sweep.groups import MODEL, SEVERAL, Group, groups_of
from vlminterp.report.tables import interval_cell, table
from vlminterp.report.templating import environment
from vlminterp.results.atomic import write_whole
from vlminterp.results.run_folder import REPORT
from vlminterp.results.sweep import NAMES, Run, RunState, Sweep, short_names

DIRECTIONS = {True: "higher is better", False: "lower is better", None: ""}


def write_sweep_report(path: Path) -> Path:
    """Writes `report.html` in a sweep's folder.

    Args:
        path: The sweep's folder, `outputs/sweeps/ID`.

    Returns:
        The page's path.

    Raises:
        ResultsError: There is no sweep, or the page can't be written.
    """
    runs = Sweep(Path(path)).runs()
    if not runs:
        raise ResultsError(f"{path} is no sweep; give outputs/sweeps/ID, as a multirun prints it")
    page = Path(path) / REPORT
    try:
        write_whole(page, _render(runs, page.parent).encode())
    except OSError as error:
        raise ResultsError(f"{page} can't be written: {error.strerror}") from error
    return page


def _render(runs: Sequence[Run], folder: Path) -> str:
    """Renders the page as HTML that loads nothing over the network."""
    groups = groups_of(runs, folder)
    compared = [_comparison(group) for group in groups]
    sort, sort_hash = script("sort.js")
    counts = Counter(run.state.value for run in runs)
    return (
        environment()
        .get_template("sweep.html.j2")
        .render(
            name=folder.name,
            title=_title(runs, groups),
            counts={state.value: counts[state.value] for state in RunState if counts[state.value]},
            failures=_failures(runs),
            answers=[sentence for one in compared for sentence in one.answers],
            sections=[
                *(section for one in compared for section in one.sections),
                *(section for group in groups for section in _scores(group)),
                _runs(runs, folder),
                *(section for one in compared for section in one.pictures),
            ],
            style=Markup("\n".join([scale_style(), *(one.style for one in compared)])),
            script=sort,
            script_hash=sort_hash,
        )
    )


def _comparison(group: Group) -> SweepComparison:
    """Returns the plugin's comparison; the attribution runs' one if it can't be loaded."""
    try:
        plugin = load_plugin(group.plugin)
    except ConfigError:
        return attribution_comparison(group)
    return plugin.compare(group)


def _title(runs: Sequence[Run], groups: Sequence[Group]) -> str:
    """Says what the page compares: VLMs, an option's values, or runs."""
    axes = {group.axis for group in groups}
    models = {run.names["model"] for run in runs if run.names}
    if axes <= {MODEL}:
        return f"{len(models)} VLM{'' if len(models) == 1 else 's'} side by side"
    if len(axes) == 1 and len(groups) == 1:
        (group,) = groups
        what = f"runs of {next(iter(models))}" if len(models) == 1 else "runs"
        by = "" if group.axis == SEVERAL else f", by {group.axis}"
        return f"{len(group.runs)} {what} side by side{by}"
    return f"{len(runs)} runs side by side"


def _failures(runs: Sequence[Run]) -> Markup:
    """Lists which runs failed and why, one line each; empty if none did."""
    failed = [(run.line, run.failed) for run in runs if run.state is RunState.failed]
    return table(("run", "why"), failed) if failed else Markup("")


def _scores(group: Group) -> Iterator[Section]:
    """Yields a section with a row for each run and a column for each metric, if there are any."""
    metrics = {name: run.summary.get("metrics") or {} for name, run in group.runs.items()}
    columns = {name: metric for found in metrics.values() for name, metric in found.items()}
    if columns:
        heads = [
            escape(name) + element("small", DIRECTIONS[one.get("higher_is_better")])
            for name, one in columns.items()
        ]
        rows = [
            [name, *(interval_cell(found.get(metric)) for metric in columns)]
            for name, found in metrics.items()
        ]
        body = table((group.axis, *heads), rows, "Mean and 95 % interval.", sortable=True)
        yield Section(f"Scores ({group.title})", body)


def _runs(runs: Sequence[Run], folder: Path) -> Section:
    """Lists every run, with a link to its page."""
    names, shared = short_names([run.line for run in runs])
    rows = [
        [
            _link(run, name, folder),
            *(run.names.get(part, "") for part in NAMES),
            run.state.value,
            headline_of(run.names.get("plugin"), run.summary),
        ]
        for name, run in zip(names, runs, strict=True)
    ]
    columns = ("run", *NAMES, "state", "result")
    return Section(
        "Runs", table(columns, rows, f"All with {shared}" if shared else "", sortable=True)
    )


def _link(run: Run, name: str, folder: Path) -> Markup | str:
    """Returns a link from the sweep's page to the run's; the bare name if it has no page."""
    page = run.folder.path / REPORT if run.folder else None
    if page is None or not page.is_file():
        return name
    return Markup('<a href="{}">{}</a>').format(os.path.relpath(page, folder), name)
