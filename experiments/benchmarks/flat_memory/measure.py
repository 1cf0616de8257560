"""Measures the memory of a run over 50 and over 500 pairs.

python -m experiments.benchmarks.flat_memory.measure
"""

import argparse
import tempfile
from pathlib import Path

from experiments.benchmarks.apart import cost
from experiments.benchmarks.results import keep, machine

HERE = Path(__file__).parent
COUNTS = (50, 500)
LINE = (
    "+plugin=attribution model=planted-base plugin.methods=[m2ib,ig,gae] "
    "plugin.options=['m2ib.steps=1','ig.steps=1'] tracking=disabled device=cpu console=quiet"
)
"""Few steps, so that it is soon over; they do not change how much memory a batch needs."""


def main() -> None:
    """Runs both, each in a process of its own, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--save", action="store_true", help="write into the README, which is tracked"
    )
    save = parser.parse_args().save
    found = {str(pairs): megabytes(pairs) for pairs in COUNTS}
    lines = ["| pairs | at most, MB | at the end, MB |", "|-|-|-|"]
    lines += [f"| {pairs} | {most:.0f} | {end:.0f} |" for pairs, (most, end) in found.items()]
    keep(HERE, {"megabytes": found, **machine()}, lines, save=save)


def megabytes(pairs: int) -> tuple[float, float]:
    """Returns the resident memory of a run's process: the most, and that at its end."""
    with tempfile.TemporaryDirectory() as folder:
        found = cost([*LINE.split(), f"data.pairs={pairs}"], Path(folder))
    return found.most, found.end


if __name__ == "__main__":
    main()
