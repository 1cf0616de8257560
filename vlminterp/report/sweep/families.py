"""Which families of words each VLM likes to hear, and whose tastes are alike."""

from collections.abc import Iterator, Mapping

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart
from vlminterp.report.content import Section
from vlminterp.report.sweep.groups import Group
from vlminterp.report.sweep.preferences import LEVEL, differences, tastes
from vlminterp.report.sweep.similarity import likeness_table
from vlminterp.report.tables import Cell, interval_cell, table
from vlminterp.results.summary import plain_interval
from vlminterp.results.sweep import Run

DIFFERENCES = 30
"""Rows of the table of differences that are shown."""
BARS = 4
"""VLMs that bars can show: as many as have a colour of their own there."""


def families_sections(group: Group) -> Iterator[Section]:
    """What words of each family are worth to each VLM; nothing where no run has gains.

    Args:
        group: Of the page.
    """
    runs = {name: run for name, run in group.runs.items() if "gains" in run.summary}
    if not runs:
        return
    chart = _bars(runs) if len(runs) <= BARS else Markup("")
    body = chart + _table(runs) + _likeness(runs) + _differences(runs)
    yield Section(f"What each VLM likes to hear ({group.title})", body)


def _bars(runs: Mapping[str, Run]) -> Markup:
    preferred = set(tastes(runs).values())
    rows = [
        BarRow(
            family,
            {
                name: Bar.of(_gains(run)[family])
                for name, run in runs.items()
                if family in _gains(run)
            },
            strong=family in preferred,
        )
        for family in _families(runs)
    ]
    margin = next(iter(runs.values())).summary.get("margin")
    title = "What words of each family are worth"
    return bar_chart(title, rows, "cosine", (-margin, margin) if margin else None)


def _table(runs: Mapping[str, Run]) -> Markup:
    """A row for each VLM; the preferred family is strong, gains are shaded on one scale."""
    families, found = _families(runs), tastes(runs)
    top = max(gain["mean"] or 0.0 for run in runs.values() for gain in _gains(run).values())
    rows = [
        [
            name,
            found[name],
            *(
                interval_cell(_gains(run).get(family), top, strong=family == found[name])
                for family in families
            ),
            _null(run),
        ]
        for name, run in runs.items()
    ]
    caption = (
        "What a description gains by words of each family, in cosine: mean and 95 % interval over "
        "concepts. Bold: the preferred family, if one is; that any is false has a chance "
        f"below {LEVEL:.0%} over all {len(runs)} VLMs (Holm). Shuffled: what the leading family's "
        "words gain with other concepts' pictures."
    )
    return table(("VLM", "prefers", *families, "shuffled"), rows, caption, sortable=True)


def _null(run: Run) -> Cell | None:
    """What the leading family's words gain under shuffled classes."""
    shuffled = run.summary["gains"].get("shuffled", {})
    return interval_cell(shuffled.get(run.summary.get("leader")))


def _differences(runs: Mapping[str, Run]) -> Markup:
    """In which families two VLMs differ, on the same concepts."""
    compared = differences(runs)
    if not compared:
        return Markup("")
    sure = [one for one in compared if one.p < LEVEL]
    rows = [
        [one.first, one.second, one.family, interval_cell(plain_interval(one.gain)), one.p]
        for one in sure[:DIFFERENCES]
    ]
    caption = (
        f"In which families two VLMs differ: gain with the first less gain with the second, on the "
        f"same concepts, in cosine (VLMs have ranges of their own). {len(sure)} of {len(compared)} "
        f"comparisons have p below {LEVEL:.0%} (t, paired by concept; Holm over all)"
    )
    more = f"; the first {DIFFERENCES} are shown." if len(sure) > DIFFERENCES else "."
    columns = ("VLM", "less VLM", "family", "differs by", "p")
    return table(columns, rows, caption + more, sortable=True)


def _likeness(runs: Mapping[str, Run]) -> Markup:
    gains = pd.DataFrame(
        {
            name: {family: gain["mean"] for family, gain in _gains(run).items()}
            for name, run in runs.items()
        }
    )
    caption = (
        f"Whose tastes are alike: rank correlation of the gains of {len(gains)} families (Spearman)"
    )
    return likeness_table(gains.corr(method="spearman"), caption)


def _gains(run: Run) -> Mapping[str, Mapping[str, float]]:
    gains: Mapping[str, Mapping[str, float]] = run.summary["gains"]["presence"]
    return gains


def _families(runs: Mapping[str, Run]) -> list[str]:
    return list(dict.fromkeys(family for run in runs.values() for family in _gains(run)))
