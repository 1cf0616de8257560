"""The content that a plugin puts on its page, and the scores section that pages share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from vlminterp.report.scores import score_table
from vlminterp.report.templating import environment


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading of its own.

    Attributes:
        title: The heading; unique on its page.
        body: The markup below the heading.
    """

    title: str
    body: Markup


@dataclass(frozen=True)
class Content:
    """The middle of a page, between its header and its settings.

    Attributes:
        heading: The page's heading, e.g. `Markup("What <em>{}</em> looks at").format(model)`.
        lead: A short explanation of the page for first-time readers.
        sections: The sections from top to bottom.
        counts: Further facts for the header, by name.
        style: CSS for these sections, in addition to the page's own.
        finds: Whether a section has a `finder`, which needs the page's script.
        beside: Paths and contents of files beside the page, which a section's `search_form` reads.
    """

    heading: Markup | str
    lead: Markup | str
    sections: Sequence[Section] = ()
    counts: Mapping[str, object] = field(default_factory=dict)
    style: str = ""
    finds: bool = False
    beside: Iterable[tuple[str, bytes]] = ()


def scores_section(summary: Mapping[str, Any], note: str, title: str = "Scores") -> list[Section]:
    """Makes the table of a summary's metrics, with their intervals and baselines.

    Args:
        summary: The run's summary, as given to `RunFolder.finish`.
        note: One or two sentences that say what the numbers are.
        title: The section's heading.

    Returns:
        A list of one section; empty where there are no metrics.
    """
    metrics = score_table(summary.get("metrics") or {}, summary.get("plugin", "this run"))
    if not metrics:
        return []
    body = (
        environment()
        .get_template("scores.html.j2")
        .render(
            metrics=metrics,
            note=note,
            unit=summary.get("unit", "pairs"),
            baselines=any(metric.baselines for metric in metrics),
        )
    )
    return [Section(title, Markup(body))]
