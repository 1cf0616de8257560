"""Measures what a pair costs beside its method: seconds, memory, files, bytes, start-up, page.

python -m experiments.benchmarks.scale.measure
python -m experiments.benchmarks.scale.measure --pairs 500 2000 20000
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from experiments.benchmarks.apart import cost, last_line
from experiments.benchmarks.results import keep, machine
from vlminterp.results.run_folder import REPORT

HERE = Path(__file__).parent
FEWEST = 20
"""Pairs of the run whose seconds are taken off the others', so that a start costs no pair."""
COUNTS = (500, 2000)
LINE = (
    "+plugin=attribution model=planted-base plugin.methods=[gae] data=planted "
    "tracking=disabled device=cpu console=quiet output=out"
)
RESUME = """
import sys, time
from pathlib import Path
from vlminterp.results.run_folder import RunFolder
folder = RunFolder.read(Path(sys.argv[1]))
begun = time.process_time()
len(folder.parts)
print(time.process_time() - begun)
"""
"""Prints the processor seconds that a resumed run takes to learn which parts it has."""


def main() -> None:
    """Runs all, each in a process of its own, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=COUNTS)
    parser.add_argument(
        "--save", action="store_true", help="write into the README, which is tracked"
    )
    options = parser.parse_args()
    start = measured(FEWEST)
    found = {str(pairs): measured(pairs) for pairs in options.pairs}
    for pairs, one in found.items():
        one["cpu a pair"] = (one["cpu"] - start["cpu"]) / (int(pairs) - FEWEST)
    numbers = {"start": start, "runs": found, **machine()}
    keep(HERE, numbers, table(found), save=options.save)


def table(found: dict[str, dict[str, float]]) -> Sequence[str]:
    """Returns the lines of the table."""
    head = "pairs | CPU ms a pair | RSS at most, MB | files | MB | resume, CPU s | page, MB"
    return [
        f"| {head} |",
        "|" + "-|" * 7,
        *(
            f"| {pairs} | {1000 * one['cpu a pair']:.0f} | {one['most']:.0f} | {one['files']:.0f} "
            f"| {one['bytes'] / 1e6:.1f} | {one['resume']:.2f} | {one['page'] / 1e6:.2f} |"
            for pairs, one in found.items()
        ),
    ]


def measured(pairs: int) -> dict[str, float]:
    """Returns the numbers of one run over so many pairs."""
    with tempfile.TemporaryDirectory() as folder:
        found = cost([*LINE.split(), f"data.pairs={pairs}"], Path(folder))
        (page,) = Path(folder).rglob(REPORT)
        files = [path.stat().st_size for path in page.parent.rglob("*") if path.is_file()]
        return {
            "cpu": found.seconds,
            "most": found.most,
            "files": len(files),
            "bytes": sum(files),
            "resume": float(last_line(RESUME, [str(page.parent)])),
            "page": page.stat().st_size,
        }


if __name__ == "__main__":
    main()
