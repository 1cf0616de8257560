"""What a plugin puts on its page, and what every page says in the same way."""

from collections.abc import Mapping, Sequence
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
        body: What stands below it.
    """

    title: str
    body: Markup


@dataclass(frozen=True)
class Content:
    """The middle of a page, between its header and its settings.

    Attributes:
        heading: The page's own, e.g. `Markup("What <em>{}</em> looks at").format(model)`.
        lead: What the page shows, for those who have never seen one.
        sections: From top to bottom.
        counts: Further facts for the header, by name.
        style: CSS for these sections, beside the page's own.
    """

    heading: Markup | str
    lead: Markup | str
    sections: Sequence[Section] = ()
    counts: Mapping[str, object] = field(default_factory=dict)
    style: str = ""


def scores_section(summary: Mapping[str, Any], note: str, title: str = "Scores") -> list[Section]:
    """The table of a summary's metrics, each with its interval and beside its baselines.

    Args:
        summary: As `RunFolder.finish` was given it.
        note: What the numbers are, one sentence or two.
        title: The section's.

    Returns:
        One section; none where there are no metrics.
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
