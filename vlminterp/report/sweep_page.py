"""The page of a sweep: its VLMs side by side."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from vlminterp.errors import ResultsError
from vlminterp.report.bars import Bar, Row, bar_chart
from vlminterp.report.content import Section
from vlminterp.report.numbers import number
from vlminterp.report.tables import table
from vlminterp.report.templating import environment
from vlminterp.results.atomic import write_whole
from vlminterp.results.run_folder import REPORT
from vlminterp.sweep import NAMES, Run, State, Sweep

COLOURS = 4


def write_sweep_report(path: Path) -> Path:
    """Makes `report.html` in a sweep's folder.

    Args:
        path: `outputs/sweeps/ID`.

    Returns:
        The page's path.

    Raises:
        ResultsError: There is no sweep, or the page can't be written.
    """
    runs = _runs(Path(path))
    page = Path(path) / REPORT
    sections = [*_failures(runs), *_families(runs), *_metrics(runs), *_links(runs, page.parent)]
    rendered = (
        environment()
        .get_template("sweep.html.j2")
        .render(
            name=page.parent.name,
            models=list(dict.fromkeys(run.names["model"] for run in runs if run.names)),
            runs=len(runs),
            failed=sum(run.state is State.failed for run in runs),
            sections=sections,
        )
    )
    try:
        write_whole(page, rendered.encode())
    except OSError as error:
        raise ResultsError(f"{page} can't be written: {error.strerror}") from error
    return page


def _runs(path: Path) -> list[Run]:
    runs = Sweep(path).runs()
    if not runs:
        raise ResultsError(f"{path} is no sweep; give outputs/sweeps/ID, as a multirun prints it")
    return runs


def _failures(runs: Sequence[Run]) -> Iterator[Section]:
    failed = [(run.line, run.failed) for run in runs if run.failed is not None]
    if failed:
        yield Section("Failed", table(("run", "why"), failed))


def _families(runs: Sequence[Run]) -> Iterator[Section]:
    """Preferred families side by side, of the runs that have any."""
    for plugin, own in _by_plugin(run for run in runs if "gains" in run.summary):
        gains = {_label(run, own): run.summary["gains"]["presence"] for run in own}
        families = list(dict.fromkeys(family for found in gains.values() for family in found))
        preferred = {run.summary.get("preferred") for run in own}
        rows = [
            Row(
                family,
                {model: Bar.of(found[family]) for model, found in gains.items() if family in found},
                strong=family in preferred,
            )
            for family in families
        ]
        verdicts = Markup("").join(
            Markup("<li>{}</li>").format(run.summary.get("verdict", "")) for run in own
        )
        note = Markup('<ul class="verdicts">{}</ul>').format(verdicts)
        yield Section(
            f"What each VLM likes to hear ({plugin})",
            note + _side_by_side(rows, own[0].summary.get("margin")),
        )


def _side_by_side(rows: Sequence[Row], margin: float | None) -> Markup:
    """Bars for as many VLMs as there are colours, numbers for more."""
    title = "What words of each family are worth"
    models = list(dict.fromkeys(model for row in rows for model in row.bars))
    if len(models) <= COLOURS:
        return bar_chart(title, rows, "cosine", (-margin, margin) if margin else None)
    cells = [
        [row.name, *(row.bars[m].mean if m in row.bars else None for m in models)] for row in rows
    ]
    return table(("family", *models), cells, f"{title}, in cosine")


def _metrics(runs: Sequence[Run]) -> Iterator[Section]:
    for plugin, own in _by_plugin(run for run in runs if run.summary.get("metrics")):
        names = list(dict.fromkeys(name for run in own for name in run.summary["metrics"]))
        rows = [[name, *(_told(run.summary["metrics"].get(name)) for run in own)] for name in names]
        columns = ["metric", *(_label(run, own) for run in own)]
        yield Section(f"Scores ({plugin})", table(columns, rows))


def _links(runs: Sequence[Run], beside: Path) -> Iterator[Section]:
    rows = []
    for run in runs:
        page = run.folder.path / REPORT if run.folder else None
        link: Markup | str = ""
        if page and page.is_file():
            link = Markup('<a href="{}">{}</a>').format(
                os.path.relpath(page, beside), page.parent.name
            )
        names = (run.names.get(part, "") for part in NAMES)
        rows.append((run.line, *names, run.state.value, link))
    yield Section("Runs", table(("run", *NAMES, "state", "page"), rows))


def _by_plugin(runs: Iterable[Run]) -> Iterator[tuple[str, list[Run]]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.names["plugin"], []).append(run)
    yield from groups.items()


def _label(run: Run, among: Sequence[Run]) -> str:
    """A run's model; with the rest of its line where that is not enough."""
    model = run.names["model"]
    alike = [other for other in among if other.names["model"] == model]
    return model if len(alike) == 1 else run.line


def _told(metric: Mapping[str, Any] | None) -> str:
    if metric is None or metric.get("mean") is None:
        return ""
    told = number(metric["mean"])
    low, high = metric.get("low"), metric.get("high")
    return told if low is None else f"{told} [{number(low)}, {number(high)}]"
