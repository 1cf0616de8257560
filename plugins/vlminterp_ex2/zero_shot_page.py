"""Zero-shot accuracy on a run's page: the descriptions, beside texts that need no policy."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from vlminterp.report.content import Section
from vlminterp.report.tables import interval_cell, table


def zero_shot_section(summary: Mapping[str, Any]) -> Iterator[Section]:
    """Yields the section; nothing where no picture was classified.

    Args:
        summary: The run's summary.
    """
    found = summary.get("zero_shot")
    if not found:
        return
    accuracy = summary["metrics"]["accuracy"]
    baselines = accuracy["baselines"]
    rows: list[tuple[object, ...]] = [("aligned LLM", interval_cell(accuracy), "")]
    rows += [
        (arm, interval_cell(baselines[arm]), interval_cell(difference))
        for arm, difference in found["minus"].items()
    ]
    note = Markup(
        "<p>{} held-out pictures, each given to the concept whose texts are nearest on average. "
        "All arms but the name and the 80 templates have at most as many texts as the aligned "
        "LLM. A difference whose interval holds 0 says nothing.</p>"
    ).format(found["images"])
    columns = ("texts by", "accuracy", "aligned minus these")
    yield Section("Do its descriptions tell things apart?", note + table(columns, rows))
