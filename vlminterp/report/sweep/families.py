"""The comparison of runs with gains: which words each VLM prefers, whose tastes are alike."""

from collections.abc import Mapping, Sequence

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart
from vlminterp.report.content import Section
from vlminterp.report.sweep.comparison import SweepComparison
from vlminterp.report.sweep.groups import Group
from vlminterp.report.sweep.preferences import LEVEL, differences, tastes
from vlminterp.report.sweep.similarity import similarity_table
from vlminterp.report.tables import Cell, interval_cell, table
from vlminterp.results.summary import plain_interval
from vlminterp.results.sweep import Run

DIFFERENCES = 30
"""The most rows shown in the table of differences."""
BARS = 4
"""The most VLMs in a bar chart, which has only so many colours."""


def preference_comparison(group: Group) -> SweepComparison:
    """Says which family of words each VLM prefers, and what each family is worth to it.

    Args:
        group: Finished runs; those whose summary has no gains, as defined by
            `PreferenceSummary`, are left out.
    """
    runs = {name: run for name, run in group.runs.items() if "gains" in run.summary}
    if not runs:
        return SweepComparison()
    chart = _bars(runs) if len(runs) <= BARS else Markup("")
    body = chart + _table(runs, group) + _similarity(runs, group) + _differences(runs, group)
    title = f"What each {group.axis} likes to hear ({group.title})"
    return SweepComparison([_heard(runs, group)], [Section(title, body)])


def _heard(runs: Mapping[str, Run], group: Group) -> Markup:
    """Says what each VLM likes to hear; VLMs of the same taste are listed together."""
    found: dict[str, list[str]] = {}
    for name, taste in tastes(runs).items():
        found.setdefault(taste, []).append(name)
    families = {run.summary.get("preferred") for run in runs.values()}
    ordered = sorted(found, key=lambda taste: taste not in families)
    told = Markup("; ").join(
        Markup("<em>{}</em>: {}").format(taste, _listed(found[taste])) for taste in ordered
    )
    return Markup("<b>What they like to hear</b> ({}): {}.").format(group.title, told)


def _listed(names: Sequence[str]) -> str:
    """Joins names as in a sentence.

    Example:
        >>> _listed(["a", "b", "c"])
        'a, b and c'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


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


def _table(runs: Mapping[str, Run], group: Group) -> Markup:
    """Writes a row for each VLM: its preferred family in bold, gains shaded on a common scale."""
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
        f"below {LEVEL:.0%} over all {len(runs)} {group.noun} (Holm). Shuffled: what the "
        "leading family's words gain with other concepts' pictures."
    )
    return table((group.axis, "prefers", *families, "shuffled"), rows, caption, sortable=True)


def _null(run: Run) -> Cell | None:
    """Returns the gain of the leading family's words under shuffled classes."""
    shuffled = run.summary["gains"].get("shuffled", {})
    return interval_cell(shuffled.get(run.summary.get("leader")))


def _differences(runs: Mapping[str, Run], group: Group) -> Markup:
    """Lists the families in which two VLMs differ on the same concepts, the surest first."""
    compared = differences(runs)
    if not compared:
        return Markup("")
    sure = [one for one in compared if one.p < LEVEL]
    rows = [
        [one.first, one.second, one.family, interval_cell(plain_interval(one.gain)), one.p]
        for one in sure[:DIFFERENCES]
    ]
    caption = (
        f"In which families two {group.noun} differ: gain with the first less gain with the "
        f"second, on the same concepts, in cosine (VLMs have ranges of their own). {len(sure)} of "
        f"{len(compared)} comparisons have p below {LEVEL:.0%} (t, paired by concept; Holm over "
        "all)"
    )
    more = f"; the first {DIFFERENCES} are shown." if len(sure) > DIFFERENCES else "."
    columns = (group.axis, f"less {group.axis}", "family", "differs by", "p")
    return table(columns, rows, caption + more, sortable=True)


def _similarity(runs: Mapping[str, Run], group: Group) -> Markup:
    gains = pd.DataFrame(
        {
            name: {family: gain["mean"] for family, gain in _gains(run).items()}
            for name, run in runs.items()
        }
    )
    caption = (
        f"Whose tastes are alike: rank correlation of the gains of {len(gains)} families (Spearman)"
    )
    return similarity_table(gains.corr(method="spearman"), caption, group.axis)


def _gains(run: Run) -> Mapping[str, Mapping[str, float]]:
    gains: Mapping[str, Mapping[str, float]] = run.summary["gains"]["presence"]
    return gains


def _families(runs: Mapping[str, Run]) -> list[str]:
    return list(dict.fromkeys(family for run in runs.values() for family in _gains(run)))
