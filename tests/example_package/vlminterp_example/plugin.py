"""Counts the captions' words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vlminterp.plugin import Context, Plugin

if TYPE_CHECKING:
    from vlminterp.report.sweep.comparison import SweepComparison
    from vlminterp.report.sweep.groups import Group


@dataclass
class Config:
    """Options.

    Attributes:
        shout: Whether captions are written in capitals.
    """

    shout: bool = False


class CaptionsPlugin(Plugin):
    """Writes one row per pair."""

    Config = Config

    def run(self, context: Context[Config]) -> None:
        """Reads every caption."""
        counted = 0
        for number, batches in context.parts(2):
            rows = []
            for first, pairs in batches:
                for place, pair in enumerate(pairs, first):
                    text = pair.text.upper() if context.config.shout else pair.text
                    words = len(context.encoder.tokenize([text]).words[0])
                    rows.append({"pair": place, "id": pair.id, "text": text, "count": words})
            counted += sum(row["count"] for row in rows)
            context.results.parts.write(number, rows, {})
        context.results.finish({"kind": "captions", "words": counted})

    def headline(self, summary: Mapping[str, Any]) -> str:
        """Says how many words there are."""
        return f"{summary['words']} words"

    def compare(self, group: "Group") -> "SweepComparison":
        """Says which run has how many words."""
        from markupsafe import Markup

        from vlminterp.report.sweep.comparison import SweepComparison

        told = ", ".join(f"{name}: {run.summary['words']}" for name, run in group.runs.items())
        return SweepComparison([Markup("<b>Words</b> by {}: {}.").format(group.axis, told)])
