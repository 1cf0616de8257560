"""Measures how often 95 % intervals hold the truth.

    python -m experiments.studies.ex2_truth.coverage

Writes `coverage.md`: the product's intervals beside the percentile bootstrap that they replaced.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlminterp.metrics.intervals import LEVEL, SHARE, mean_interval

HERE = Path(__file__).parent
TRIALS, RESAMPLES = 2000, 1000
COUNTS = (5, 6, 10, 16, 40)

Values = NDArray[np.floating[Any]]
Draw = Callable[[np.random.Generator, int], Values]

UNBOUNDED: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, n: rng.normal(0, 1, n), 0.0),
    "heavy tails (t, 3 degrees)": (lambda rng, n: rng.standard_t(3, n), 0.0),
    "skewed (exponential)": (lambda rng, n: rng.exponential(1, n), 1.0),
    "very skewed (log-normal)": (lambda rng, n: rng.lognormal(0, 1, n), float(np.exp(0.5))),
    "one concept in five gains": (
        lambda rng, n: np.where(rng.random(n) < 0.2, rng.normal(1, 0.3, n), rng.normal(0, 0.05, n)),
        0.2,
    ),
}
BOUNDED: dict[str, tuple[Draw, float]] = {
    "hits, chance .05": (lambda rng, n: (rng.random(n) < 0.05) * 1.0, 0.05),
    "hits, chance .1": (lambda rng, n: (rng.random(n) < 0.1) * 1.0, 0.1),
    "hits, chance .3": (lambda rng, n: (rng.random(n) < 0.3) * 1.0, 0.3),
    "hits, chance .5": (lambda rng, n: (rng.random(n) < 0.5) * 1.0, 0.5),
    "shares of 25, concepts alike, .1": (lambda rng, n: rng.binomial(25, 0.1, n) / 25, 0.1),
    "shares, concepts differ, .1": (lambda rng, n: rng.beta(0.9, 8.1, n), 0.1),
    "shares, most are 0, .1": (lambda rng, n: rng.beta(0.1, 0.9, n), 0.1),
}


PAGE = """# How often intervals of 95 % hold the truth

{trials:,} draws of n values each (standard error .005 at .95); in brackets the percentile bootstrap
that these intervals replaced. Made by `python -m experiments.studies.ex2_truth.coverage` (two
minutes).

{table}

**What remains.** No interval of a few numbers knows a tail that it has not seen: where data are
skewed, and where one concept in five has all the gain, they hold the truth less often than they say
until n is about 40. That is why a verdict of *nothing found* needs 14 concepts, and a preference 8.
Of hits and misses the intervals are wider than need be.
"""


def bootstrap(values: Values, rng: np.random.Generator) -> tuple[float, float]:
    """Returns the ends of a percentile bootstrap interval."""
    drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(1)
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def coverage(
    draw: Draw, truth: float, n: int, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """Returns the shares of draws in which our interval, and the bootstrap's, holds the truth."""
    rng = np.random.default_rng(n)
    ours = theirs = 0
    for _ in range(TRIALS):
        values = draw(rng, n)
        found = mean_interval(values, bounds=bounds)
        low, high = bootstrap(values, rng)
        ours += found.low - 1e-12 <= truth <= found.high + 1e-12
        theirs += low - 1e-12 <= truth <= high + 1e-12
    return ours / TRIALS, theirs / TRIALS


def table() -> str:
    """Returns the whole table as Markdown."""
    heads = " | ".join(f"n = {n}" for n in COUNTS)
    lines = [f"| values | interval | {heads} |", "|" + "-|" * (2 + len(COUNTS))]
    for kinds, bounds, interval in ((UNBOUNDED, None, "t"), (BOUNDED, SHARE, "Wilson")):
        for name, (draw, truth) in kinds.items():
            cells = [
                "**{:.3f}** ({:.3f})".format(*coverage(draw, truth, n, bounds)) for n in COUNTS
            ]
            lines.append(f"| {name} | {interval} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Runs the simulation and writes `coverage.md` beside this file."""
    told = PAGE.format(trials=TRIALS, table=table())
    (HERE / "coverage.md").write_text(told, "utf-8")
    print(told)


if __name__ == "__main__":
    main()
