"""A page's section on what a VLM loves beyond any family, and on what no family covers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vlminterp.report.content import Section
from vlminterp.report.tables import table
from vlminterp_ex2.inspection.loved import FEWEST, loved

SHOWN = 20
EXAMPLES = 5
Rows = Sequence[Mapping[str, Any]]


def loved_section(rows: Rows) -> Iterator[Section]:
    """Yields a section of the most loved words and phrases, and of text that has no family.

    Args:
        rows: Rows of the table `inspect`, all or some.
    """
    if not rows:
        return
    ranked = loved(rows)[:SHOWN]
    body = Markup(
        "<p>From the best descriptions of each concept: what the score loses without a phrase's "
        "words, each left out alone and added up. Said of {} concepts or more.</p>"
    ).format(FEWEST)
    lines = [(one.phrase, f"{one.loss:.3f}", one.concepts) for one in ranked]
    body += table(("word or phrase", "cosine", "concepts"), lines) if lines else ""
    body += _others(rows)
    yield Section("What it loves most, in words", body)


def _others(rows: Rows) -> Markup:
    with_others = [row for row in rows if row["other"]]
    examples = list(dict.fromkeys(phrase for row in with_others for phrase in row["other"]))
    told = Markup(", ").join(Markup("“{}”").format(one) for one in examples[:EXAMPLES])
    return Markup("<p>Of {} descriptions {} say something that is of no family{}.</p>").format(
        len(rows), len(with_others), Markup(": {}").format(told) if told else ""
    )
