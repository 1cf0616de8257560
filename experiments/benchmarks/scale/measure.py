"""Measures what a pair costs beside its method, and what several processes save.

python -m experiments.benchmarks.scale.measure
python -m experiments.benchmarks.scale.measure --pairs 1000 2000 20000 --save
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from experiments.benchmarks.apart import cost, last_line
from experiments.benchmarks.results import keep, machine
from vlminterp.results.run_folder import REPORT, SEARCH

HERE = Path(__file__).parent
FEWEST = 20
"""Pairs of the run whose seconds are taken off the others', so that a start costs no pair."""
PAIRS = (500, 2000)
SAMPLE = 0.01
"""Share of the pairs that are scored, in the lines that say so."""
WORKERS = (1, 2, 4)
SHARED = "data=planted tracking=disabled device=cpu console=quiet output=out"
LINES = {
    "attribution": "+plugin=attribution model=planted-base plugin.methods=[gae]",
    "m2ib": "+plugin=m2ib model=planted-base plugin.sides=image plugin.image.steps=1 "
    "plugin.image.copies=2",
}
RESUME = """
import sys, time
from pathlib import Path
from vlminterp.results.run_folder import RunFolder
folder = RunFolder.read(Path(sys.argv[1]))
begun = time.process_time()
all(folder.parts.present(number) for number in folder.parts.numbers())
found = time.process_time()
len(folder.parts)
print(found - begun, time.process_time() - found)
"""
"""Prints the processor seconds that a resumed run takes to find its parts, and to check them."""


def main() -> None:
    """Runs all, each in a process of its own, and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=PAIRS)
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    parser.add_argument("--shared-pairs", type=int, default=2000, help="pairs of runs with workers")
    parser.add_argument(
        "--save", action="store_true", help="write into the README, which is tracked"
    )
    options = parser.parse_args()
    found = {}
    for name in LINES:
        start = measured(name, FEWEST, SAMPLE)
        for pairs in options.pairs:
            one = found[f"{name}, {pairs}"] = measured(name, pairs, SAMPLE)
            one["cpu a pair"] = (one["cpu"] - start["cpu"]) / (pairs - FEWEST)
            print(name, pairs, one, flush=True)
    whole = measured("attribution", min(options.pairs), 1.0)
    whole["cpu a pair"] = (whole["cpu"] - start["cpu"]) / (min(options.pairs) - FEWEST)
    found[f"attribution, {min(options.pairs)}, all scored"] = whole
    walls = {str(n): wall(n, options.shared_pairs) for n in options.workers}
    numbers = {"runs": found, "seconds by workers": walls, **machine()}
    lines = [*table(found), "", *workers_table(walls, options.shared_pairs)]
    keep(HERE, numbers, lines, save=options.save)


def table(found: dict[str, dict[str, float]]) -> Sequence[str]:
    """Returns the lines of the table of runs of one process."""
    head = (
        "run, pairs | CPU ms a pair | RSS at most, MB | files | MB | finds its parts in, CPU s "
        "| checks them in, CPU s | page, MB | search, MB"
    )
    return [
        f"| {head} |",
        "|" + "-|" * 9,
        *(
            f"| {name} | {1000 * one['cpu a pair']:.1f} | {one['most']:.0f} | {one['files']:.0f} "
            f"| {one['bytes'] / 1e6:.1f} | {one['finds']:.3f} | {one['checks']:.2f} "
            f"| {one['page'] / 1e6:.2f} | {one['search'] / 1e6:.2f} |"
            for name, one in found.items()
        ),
    ]


def workers_table(walls: dict[str, float], pairs: int) -> Sequence[str]:
    """Returns the lines of the table of processes."""
    return [
        f"| processes | seconds for {pairs} pairs |",
        "|-|-|",
        *(f"| {count} | {seconds:.0f} |" for count, seconds in walls.items()),
    ]


def measured(name: str, pairs: int, scored: float) -> dict[str, float]:
    """Returns the numbers of one run over so many pairs."""
    with tempfile.TemporaryDirectory() as folder:
        found = cost(_line(name, pairs, scored), Path(folder))
        (page,) = Path(folder).rglob(REPORT)
        files = [path.stat().st_size for path in page.parent.rglob("*") if path.is_file()]
        beside = [path.stat().st_size for path in (page.parent / SEARCH).glob("*")]
        finds, checks = map(float, last_line(RESUME, [str(page.parent)]).split())
        return {
            "cpu": found.seconds,
            "most": found.most,
            "files": len(files),
            "bytes": sum(files),
            "finds": finds,
            "checks": checks,
            "page": page.stat().st_size,
            "search": sum(beside),
        }


def wall(workers: int, pairs: int) -> float:
    """Returns the seconds that a run over so many pairs takes so many processes."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        cost([*_line("attribution", pairs, 1.0), f"workers={workers}"], Path(folder))
        return time.perf_counter() - began


def _line(name: str, pairs: int, scored: float) -> list[str]:
    options = [f"data.pairs={pairs}", f"plugin.scored={scored}"]
    return [*LINES[name].split(), *SHARED.split(), *options]


if __name__ == "__main__":
    main()
