"""The page of a bank run."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from vlminterp.description.bank import NEUTRAL
from vlminterp.description.gains import Gains
from vlminterp.description.measure import SCORES
from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart
from vlminterp.drawing.charts.distributions import distribution_chart
from vlminterp.metrics.intervals import Interval
from vlminterp.report.content import Content, Section
from vlminterp.report.templating import environment
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.summary import plain_interval
from vlminterp_bank.best import best_of_each
from vlminterp_bank.outcome import concept_ids, family_gains

if TYPE_CHECKING:
    import pandas as pd

NAMED = "name alone"
SERIES = {
    "presence": "its words, against none",
    "shuffled": "the same under shuffled classes",
    "content": "its words, against another concept's",
}
UNITS = {
    "own": "cosine to the concept’s own pictures",
    "contrastive": "cosine to the concept’s own pictures, less that to the others’",
}


def content(folder: RunFolder) -> Content:
    """Returns the page's content, between its header and its settings.

    Args:
        folder: Folder of a bank run, finished or not.
    """
    rows, summary = folder.parts.rows(), folder.summary or {}
    score = folder.config.get("plugin", {}).get("score", "own")
    sections: list[Section] = []
    if not rows.empty:
        # Gains need every description: an unfinished run's would be those of another bank.
        sections += _gains(folder, rows, summary, score) if summary else ()
        sections += [
            _distributions(rows, score, summary.get("preferred")),
            _best(folder, rows, score),
        ]
    lead = Markup(
        "A <em>bank</em> of descriptions was read to {}: some only name their concept, the others "
        "also tell something about it, each of one family. A family is <em>preferred</em> if its "
        "words make descriptions fit the concept’s pictures better, and clearly better than any "
        "other family’s."
    )
    return Content(
        heading=Markup("What <em>{}</em> likes to hear").format(folder.names["model"]),
        lead=lead.format(folder.names["model"]),
        sections=sections,
        counts={
            "descriptions": f"{len(rows):,}",
            "concepts": len(concept_ids(folder)),
            "families": 0 if rows.empty else rows["family"].replace(NEUTRAL, None).nunique(),
        },
        style=environment("vlminterp_bank").get_template("bank.css").render(),
    )


def _gains(
    folder: RunFolder, rows: "pd.DataFrame", summary: Mapping[str, Any], score: str
) -> Iterator[Section]:
    """Yields bars of every family's gains, in the score that decides and in the other."""
    shown, *more = [
        _chart(family_gains(rows, concept_ids(folder), name), name, summary)
        for name in sorted(set(SCORES) & set(rows.columns), key=lambda name: name != score)
    ]
    template = environment("vlminterp_bank").get_template("gains.html.j2")
    other = "contrastive" if score == "own" else "own"
    body = template.render(
        chart=shown,
        other=more,
        unit=UNITS[other],
        margin=summary["margin"],
        p=summary["p_runner_up"],
    )
    yield Section("What each family adds", Markup(body))


def _chart(gains: Mapping[str, Gains], score: str, summary: Mapping[str, Any]) -> Markup:
    intervals = {kind: found.intervals() for kind, found in gains.items()}
    rows = [
        BarRow(
            family,
            {
                SERIES[kind]: _bar(intervals[kind][family])
                for kind in SERIES
                if family in intervals.get(kind, {})
            },
            strong=family == summary.get("preferred"),
        )
        for family in gains["presence"].ranking()
    ]
    margin = summary["margin"] if score == summary["score"] else None
    unit = f"gain in {UNITS[score]}"
    return bar_chart("What each family adds", rows, unit, (-margin, margin) if margin else None)


def _bar(interval: Interval) -> Bar:
    return Bar.of(plain_interval(interval))


def _distributions(rows: "pd.DataFrame", score: str, preferred: str | None) -> Section:
    medians = rows.groupby("family")[score].median().drop(NEUTRAL, errors="ignore")
    ranked = medians.sort_values(ascending=False).index
    groups = {family: rows.loc[rows["family"] == family, score] for family in ranked}
    groups[NAMED] = rows.loc[rows["family"] == NEUTRAL, score]
    chart = distribution_chart(
        "Scores of all descriptions", groups, UNITS[score], [preferred] if preferred else []
    )
    note = Markup(
        '<p class="quiet">Scores of all descriptions by what they tell of; below each hill its '
        "median and its middle half. Concepts differ, so hills are wider than the gains above.</p>"
    )
    return Section("Where the scores lie", note + chart)


def _best(folder: RunFolder, rows: "pd.DataFrame", score: str) -> Section:
    best = best_of_each(folder, rows, score)
    body = (
        environment("vlminterp_bank")
        .get_template("best.html.j2")
        .render(best=best, preferred=(folder.summary or {}).get("preferred"))
    )
    return Section("What it likes best to hear of each concept", Markup(body))
