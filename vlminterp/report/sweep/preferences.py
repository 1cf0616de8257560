"""Tests of which families many VLMs prefer, and in which families two of them differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from vlminterp.metrics.intervals import Interval, paired_difference
from vlminterp.metrics.significance import holm, p_above
from vlminterp.results.sweep import Run

LEVEL = 0.01
"""Level of both tests: the chance of any false preference, or any false difference, in a group."""
LEAST = 8
"""The fewest concepts that two VLMs must share to be compared."""
COLUMNS = {"concept", "family", "presence"}
NOTHING = "nothing found"


@dataclass(frozen=True)
class Difference:
    """The difference of a family's gain between two VLMs, on the same concepts.

    Attributes:
        first: The first VLM's name.
        second: The second VLM's name.
        family: The family of words.
        gain: The first VLM's gain less the second's, in cosine.
        p: Two-sided p of a paired t test, Holm-adjusted over all pairs and families compared.
    """

    first: str
    second: str
    family: str
    gain: Interval
    p: float


def tastes(runs: Mapping[str, Run]) -> dict[str, str]:
    """Returns each VLM's preferred family, or what was found instead.

    A preference counts if its p, Holm-adjusted over all these VLMs, is below `LEVEL`; otherwise
    the VLM is "undecided".

    Args:
        runs: Runs with gains, by name.
    """
    names = list(runs)
    ps = dict(zip(names, holm([_p(runs[name].summary) for name in names]), strict=True))
    return {name: _taste(runs[name].summary, ps[name]) for name in names}


def _p(summary: Mapping[str, Any]) -> float:
    p = summary.get("p")
    return 1.0 if p is None else float(p)


def _taste(summary: Mapping[str, Any], p: float) -> str:
    family = summary.get("preferred")
    if family is None:
        return str(summary.get("finding", NOTHING))
    return str(family) if p < LEVEL else "undecided"


def differences(runs: Mapping[str, Run]) -> list[Difference]:
    """Compares every two VLMs in every family with enough concepts in common, the surest first.

    Args:
        runs: Runs with gains, by name; those without a table of gains by concept are left out.
    """
    tables = {name: table for name, run in runs.items() if (table := _table(run)) is not None}
    found = [
        (first, second, family, paired_difference(one, other), _two_sided(one - other))
        for first, second in combinations(tables, 2)
        for family, one, other in _shared(tables[first], tables[second])
    ]
    adjusted = holm([p for *_, p in found])
    compared = [Difference(*one[:4], p) for one, p in zip(found, adjusted, strict=True)]
    return sorted(compared, key=lambda one: (one.p, -abs(one.gain.mean)))


def _shared(
    one: pd.DataFrame, other: pd.DataFrame
) -> Iterator[tuple[str, "pd.Series[float]", "pd.Series[float]"]]:
    """Yields each family for which two VLMs share enough concepts, with both VLMs' gains."""
    for family in one.columns.intersection(other.columns, sort=False):
        both = pd.concat([one[family], other[family]], axis=1, join="inner").dropna()
        if len(both) >= LEAST:
            yield str(family), both.iloc[:, 0], both.iloc[:, 1]


def _table(run: Run) -> pd.DataFrame | None:
    """Reads a run's gains by concept and family; None where it has no such table."""
    if run.folder is None:
        return None
    for parts in run.folder.tables().values():
        if all(set(part.column_names) >= COLUMNS for part in parts.tables()):
            rows = parts.rows()
            if len(rows):
                return rows.pivot(index="concept", columns="family", values="presence")
    return None


def _two_sided(values: "pd.Series[float]") -> float:
    return min(1.0, 2 * min(p_above(values), p_above(-values)))
