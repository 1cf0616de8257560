"""Says which methods are clearly behind the best, by every metric, with Holm's correction.

Differences are paired, so that some are seen which the intervals of the means hide. A metric that
misleads (`vlminterp.metrics.facts`) gives no verdict but, where that is known to rank as the causes
do, beyond what the map's own values score at random places.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import pandas as pd

from vlminterp.metrics.facts import METRICS, SHUFFLED, Metric, how_it_misleads
from vlminterp.metrics.intervals import Interval, paired_difference
from vlminterp.metrics.significance import holm, paired_p

LEVEL = 0.05
"""How often, at most, chance alone makes a page say of any method that it is behind."""


@dataclass(frozen=True)
class Versus:
    """All methods against the best by one metric.

    Attributes:
        side: "image" or "text".
        metric: The metric's name.
        beyond: Whether the metric is taken beyond that of the shuffled map.
        best: The method with the best mean.
        behind: The methods that are clearly behind, and by how much in the metric's own unit.
    """

    side: str
    metric: str
    beyond: bool
    best: str
    behind: Mapping[str, Interval]


@dataclass(frozen=True)
class Comparisons:
    """The comparisons of a page.

    Attributes:
        all: One for each side and metric.
        tests: Number of pairs of methods that were compared, for which p values are corrected.
    """

    all: Sequence[Versus] = ()
    tests: int = 0

    def of(self, side: str, *, beyond: bool = False) -> dict[str, Versus]:
        """Returns one side's comparisons by metric: those beyond the shuffled map, or the others.

        Args:
            side: "image" or "text".
            beyond: Whether those beyond the shuffled map's are wanted.
        """
        return {one.metric: one for one in self.all if (one.side, one.beyond) == (side, beyond)}


def compare(rows: pd.DataFrame) -> Comparisons:
    """Compares the methods of a run by every metric that has a better direction.

    Args:
        rows: The run's rows. Methods with fewer than two pairs in common are not compared.
    """
    measured = [one for one in _measured(rows) if one.others]
    adjusted = iter(holm([one.p(method) for one in measured for method in one.others]))
    compared = []
    for one in measured:
        ps = dict(zip(one.others, islice(adjusted, len(one.others)), strict=True))
        gaps = {method: one.gap(method) for method, p in ps.items() if p < LEVEL}
        # On the pairs that both explain, another may be ahead of the best of all pairs.
        behind = {method: gap for method, gap in gaps.items() if gap.mean > 0}
        compared.append(Versus(one.side, one.facts.name, one.beyond, one.best, behind))
    return Comparisons(compared, sum(len(one.others) for one in measured))


@dataclass(frozen=True)
class _Measured:
    """The values of one metric, higher is better: a column for each method, a row for each pair."""

    side: str
    facts: Metric
    beyond: bool
    values: pd.DataFrame

    @cached_property
    def best(self) -> str:
        """The method with the best mean."""
        return str(self.values.mean().idxmax())

    @cached_property
    def others(self) -> list[str]:
        """The methods that have at least two pairs in common with the best."""
        both = self.values.notna().mul(self.values[self.best].notna(), axis=0)
        names = map(str, self.values)
        return [name for name in names if name != self.best and both[name].sum() > 1]

    def p(self, method: str) -> float:
        return paired_p(self.values[self.best], self.values[method])

    def gap(self, method: str) -> Interval:
        return paired_difference(self.values[self.best], self.values[method])


def _measured(rows: pd.DataFrame) -> Iterator[_Measured]:
    """Yields each metric with a direction of each side that two methods or more have."""
    if "method" not in rows:
        return
    for side in ("image", "text"):
        chosen = rows[rows["side"] == side].set_index(["pair", "method"])
        for facts in METRICS.values():
            if facts.higher_is_better is None or facts.name not in chosen:
                continue
            misleads = bool(how_it_misleads(f"{side}.{facts.name}"))
            values = chosen[facts.name].astype(float)
            if misleads:
                shuffled = chosen.get(f"{facts.name}.{SHUFFLED}")
                if shuffled is None or not facts.beyond:
                    continue
                values -= shuffled.astype(float)
            wide = (values if facts.higher_is_better else -values).unstack()
            wide = wide.dropna(axis=1, how="all")
            if wide.shape[1] > 1:
                yield _Measured(side, facts, misleads, wide)
