"""The outcome of an audit: the concepts by what they go by, the flags, the verdict in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vlminterp.description.gains import Gains
from vlminterp.description.verdict import Finding, preferred
from vlminterp.metrics.intervals import mean_interval
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.summary import metric
from vlminterp_audit.settings import AuditConfig
from vlminterp_audit.tables import FLAGS, HEARD
from vlminterp_audit.verdict import Driver, Kind
from vlminterp_audit.words import Hears, Scope, verdict

if TYPE_CHECKING:
    import pandas as pd

WITHOUT = {Finding.nothing: Hears.nothing, Finding.any_picture: Hears.any_picture}
"""Findings by which no family is preferred, and which are no lack of data."""


def summarise(results: RunFolder, config: AuditConfig) -> dict[str, Any]:
    """Returns the summary that a run ends with.

    Args:
        results: A run folder whose parts are all written.
        config: The audit's options.
    """
    rows = audited(results)
    drivers = Counter(rows["driver"]) if len(rows) else Counter()
    regions = sorted(set(rows["regions"])) if len(rows) else []
    likes = liked(results, config.margin)
    scope = Scope(likes is not Hears.untested, regions)
    flags = results.table(FLAGS).rows()
    flagged = Counter(flags["flag"]) if len(flags) else Counter()
    return {
        "kind": "audit",
        **results.names,
        "verdict": verdict(results.names["model"], drivers, likes, flagged, scope),
        "finding": drivers.most_common(1)[0][0] if drivers else Driver.neither.value,
        "drivers": {one.value: drivers[one.value] for one in Driver},
        "flags": {kind.value: flagged[kind.value] for kind in Kind},
        "likes": None if isinstance(likes, Hears) else likes,
        "phrases": scope.phrases,
        "regions": regions,
        "unit": "concepts",
        "concepts": len(rows),
        "skipped": len(results.skips()),
        "metrics": _metrics(rows),
    }


def audited(results: RunFolder) -> "pd.DataFrame":
    """Returns the rows of the concepts that could be audited."""
    rows = results.parts.rows()
    return rows[rows["driver"].notna()] if "driver" in rows else rows.iloc[:0]


def liked(results: RunFolder, margin: float) -> str | Hears:
    """Returns the family whose words the VLM prefers, by the rule of banks, or why none."""
    rows = results.table(HEARD).rows()
    if rows.empty:
        return Hears.untested
    families = tuple(dict.fromkeys(rows["family"]))
    gains, shuffled = (
        Gains(families, _pivoted(rows, column, families)) for column in ("presence", "shuffled")
    )
    found = preferred(gains, shuffled, margin)
    return found.family or WITHOUT.get(found.finding, Hears.undecided)


def _pivoted(rows: "pd.DataFrame", column: str, families: Sequence[str]) -> Any:
    wide = rows.pivot(index="concept", columns="family", values=column)
    return wide.reindex(columns=list(families)).to_numpy(np.float64)


def _metrics(rows: "pd.DataFrame") -> Mapping[str, Any]:
    if rows.empty:
        return {}
    said = {
        "object": "share of a name's score that is lost when the object is exchanged",
        "context": "share of a name's score that is lost when the background is exchanged",
        "recognised": "share of a concept's pictures that are given its name",
        "heat_on_object": "share of the name's heat that lies on the object",
    }
    return {
        name: metric(mean_interval(rows[name].to_numpy(np.float64)), description=text)
        for name, text in said.items()
    }
