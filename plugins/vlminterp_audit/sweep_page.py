"""An audit's part of a sweep's page: VLMs by concepts, the most flagged first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from vlminterp.report.content import Section
from vlminterp.report.sweep.comparison import SweepComparison
from vlminterp.report.sweep.groups import Group
from vlminterp.report.templating import environment
from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.outcome import audited
from vlminterp_audit.verdict import Driver, Kind
from vlminterp_audit.words import GOES_BY

PACKAGE = "vlminterp_audit"
UNTOLD = (Driver.neither.value, Driver.undecided.value)
"""Drivers by which shares say nothing."""
COLUMNS = 60
"""The most concepts that a matrix shows."""


@dataclass(frozen=True)
class MatrixRow:
    """One VLM in the matrix.

    Attributes:
        name: Its name.
        link: Its page, relative to the sweep's.
        likes: The family of words that it prefers; a dash for none, or `untested`.
        flags: Number of its flags by kind, without `name only`.
        cells: Its row of the main table for each concept, by the concept's id.
    """

    name: str
    link: str
    likes: str
    flags: Mapping[str, int]
    cells: Mapping[str, Mapping[Any, Any]]

    @property
    def flagged(self) -> int:
        """Number of all its flags."""
        return sum(self.flags.values())


def comparison(group: Group) -> SweepComparison:
    """Compares what VLMs go by.

    Args:
        group: Finished audits.
    """
    rows = [
        _row(name, run.folder, run.summary)
        for name, run in group.runs.items()
        if run.folder is not None and "drivers" in run.summary
    ]
    if not rows:
        return SweepComparison()
    rows.sort(key=lambda row: (-row.flags[Kind.shortcut.value], -row.flagged))
    template = environment(PACKAGE).get_template
    body = template("matrix.html.j2").render(
        rows=rows,
        concepts=_concepts(rows)[:COLUMNS],
        axis=group.axis,
        kinds=[kind.value for kind in Kind if kind is not Kind.name_only],
        shortcut=Kind.shortcut.value,
    )
    return SweepComparison(
        [_answer(group)],
        [Section(f"What each {group.axis} goes by ({group.title})", Markup(body))],
        style=template("matrix.css").render(),
    )


def _row(name: str, folder: RunFolder, summary: Mapping[str, Any]) -> MatrixRow:
    cells = {str(row["concept"]): row for row in audited(folder).to_dict("records")}
    flags = {
        kind: count for kind, count in summary["flags"].items() if kind != Kind.name_only.value
    }
    return MatrixRow(name, str(folder.path / "report.html"), _likes(summary), flags, cells)


def _likes(summary: Mapping[str, Any]) -> str:
    return summary["likes"] or ("–" if summary.get("phrases", True) else "untested")


def _concepts(rows: Sequence[MatrixRow]) -> list[tuple[str, str]]:
    """Returns ids and names of all concepts, those flagged by the most VLMs first."""
    names: dict[str, str] = {}
    counts: dict[str, float] = {}
    for row in rows:
        for concept, cell in row.cells.items():
            names.setdefault(concept, cell["name"])
            by_context = cell["context"] if cell["driver"] not in UNTOLD else 0.0
            counts[concept] = counts.get(concept, 0.0) + by_context
    return [(concept, names[concept]) for concept in sorted(names, key=lambda c: -counts[c])]


def _answer(group: Group) -> Markup:
    """Says in one sentence which VLMs mostly go by what."""
    found: dict[str, list[str]] = {}
    for name, run in group.runs.items():
        if "finding" in run.summary:
            found.setdefault(run.summary["finding"], []).append(name)
    told = Markup("; ").join(
        Markup("{}: <em>{}</em>").format(GOES_BY[Driver(finding)], ", ".join(names))
        for finding, names in found.items()
    )
    return Markup("<b>What they go by</b> ({}), for most concepts: {}.").format(group.title, told)
