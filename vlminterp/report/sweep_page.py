"""The page of a sweep: its VLMs side by side."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from vlminterp.results.run_folder import REPORT, RunFolder
from vlminterp.sweep import Sweep

COLOURS = 4


@dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        line: Its overrides.
        names: Of plugin, model and data.
        folder: None if it failed before it had one.
        failed: Why it failed, one line; None if it did not.
    """

    line: str
    names: Mapping[str, str]
    folder: RunFolder | None
    failed: str | None

    @property
    def summary(self) -> Mapping[str, Any]:
        """Of a finished run; empty for another."""
        return (self.folder.summary if self.folder else None) or {}


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
            models=list(dict.fromkeys(run.names["model"] for run in runs)),
            runs=len(runs),
            failed=sum(run.failed is not None for run in runs),
            sections=sections,
        )
    )
    try:
        write_whole(page, rendered.encode())
    except OSError as error:
        raise ResultsError(f"{page} can't be written: {error.strerror}") from error
    return page


def _runs(path: Path) -> list[Run]:
    noted = Sweep(path).runs()
    if not noted:
        raise ResultsError(f"{path} is no sweep; give outputs/sweeps/ID, as a multirun prints it")
    found = []
    for line, run in noted.items():
        folder = RunFolder.read(Path(run["path"])) if run["path"] else None
        names = {part: str(run[part]) for part in ("plugin", "model", "data")}
        found.append(Run(line, names, folder, run["failed"]))
    return found


def _failures(runs: Sequence[Run]) -> Iterator[Section]:
    failed = [(run.line, run.failed) for run in runs if run.failed is not None]
    if failed:
        yield Section("Failed", table(("run", "why"), failed))


def _families(runs: Sequence[Run]) -> Iterator[Section]:
    """Preferred families side by side, of the runs that have any."""
    for plugin in dict.fromkeys(run.names["plugin"] for run in runs):
        own = [run for run in runs if run.names["plugin"] == plugin and "gains" in run.summary]
        if not own:
            continue
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
    for plugin in dict.fromkeys(run.names["plugin"] for run in runs):
        own = [run for run in runs if run.names["plugin"] == plugin and run.summary.get("metrics")]
        if not own:
            continue
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
        state = "failed" if run.failed else "finished" if run.summary else "unfinished"
        rows.append((*run.names.values(), state, link))
    yield Section("Runs", table(("plugin", "model", "data", "state", "page"), rows))


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
