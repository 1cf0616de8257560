"""The page of an audit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.charts.svg import element
from vlminterp.report.content import Content, Section, scores_section
from vlminterp.report.tables import table
from vlminterp.report.templating import environment
from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.cards import ConceptReport, Row, make_report
from vlminterp_audit.markdown import model_card
from vlminterp_audit.outcome import audited
from vlminterp_audit.tables import FLAGS, PHRASES, PICTURES
from vlminterp_audit.verdict import Kind

CARDS, FLAGS_SHOWN = 60, 10
PACKAGE = "vlminterp_audit"
LEAD = Markup(
    "On the pictures to which {} most gives a name, the object is exchanged, or the background "
    "alone, or both. What then happens to the name’s <em>score</em> (how much closer the picture "
    "is to it than to the other names, in cosine) tells what the VLM goes by."
)
NOTE = "Means over concepts with their 95 % intervals."


def content(folder: RunFolder) -> Content:
    """Returns the page's content, between its header and its settings.

    Args:
        folder: Folder of an audit, finished or not.
    """
    model, reports = folder.names["model"], concept_reports(folder)
    sections = [*_sections(folder, reports)] if reports else []
    return Content(
        heading=Markup("What <em>{}</em> goes by").format(model),
        lead=LEAD.format(model),
        sections=sections,
        counts={
            "concepts": len(reports),
            "regions from": ", ".join(sorted({one.row["regions"] for one in reports})) or "–",
        },
        style=environment(PACKAGE).get_template("audit.css").render(),
    )


def concept_reports(folder: RunFolder) -> list[ConceptReport]:
    """Returns all audited concepts, those with the worst flags first."""
    rows = audited(folder).to_dict("records")
    flags, phrases, pictures = (
        _by_concept(folder.table(name).rows()) for name in (FLAGS, PHRASES, PICTURES)
    )
    reports = [
        make_report(
            folder,
            row,
            flags.get(row["concept"], []),
            phrases.get(row["concept"], []),
            pictures.get(row["concept"], []),
        )
        for row in rows
    ]
    return sorted(reports, key=lambda one: -one.weight)


def _by_concept(rows: pd.DataFrame) -> dict[str, Sequence[Row]]:
    if rows.empty:
        return {}
    return {
        str(concept): own.to_dict("records") for concept, own in rows.groupby("concept", sort=False)
    }


def _sections(folder: RunFolder, reports: Sequence[ConceptReport]) -> Iterator[Section]:
    template = environment(PACKAGE).get_template
    least = folder.config.get("plugin", {}).get("least")
    body = template("shares.html.j2").render(reports=reports, least=least, kinds=Kind)
    yield Section("What each name goes by", Markup(body))
    if flags := _flags(reports):
        yield Section("Flags", flags)
    cards = template("concepts.html.j2").render(reports=reports[:CARDS], all=len(reports))
    yield Section("Concept by concept", Markup(cards))
    summary: Mapping[str, Any] = folder.summary or {}
    yield from scores_section(summary, NOTE)
    if summary:
        card = model_card(folder, reports)
        text = template("model_card.html.j2").render(text=card)
        yield Section("For a model card", Markup(text))


def _flags(reports: Sequence[ConceptReport]) -> Markup:
    """Tabulates the flags of all concepts, the surest and worst first."""
    found = [
        (flag, one.row["name"])
        for one in reports
        for flag in one.flags
        if flag["flag"] != Kind.name_only.value
    ]
    if not found:
        return Markup("<p>None.</p>")
    found.sort(key=lambda pair: -pair[0]["weight"])
    rows = [
        [name, _whole(flag["flag"]), flag["says"], flag["sure"], flag["bad"]]
        for flag, name in found[:FLAGS_SHOWN]
    ]
    more = len(found) - FLAGS_SHOWN
    caption = "Sure and bad are from 0 to 1; flags are sorted by their product."
    if more > 0:
        caption += f" The first {FLAGS_SHOWN} of {len(found)}; all are in rows/flags."
    return table(("concept", "flag", "evidence", "sure", "bad"), rows, caption)


def _whole(text: str) -> Markup:
    """Returns text that no line breaks within."""
    return element("span", text, class_="whole")
