"""Measures how fast the page of a large sweep is made and opened, in headless Chromium.

python -m experiments.benchmarks.sweep_page.measure [--pairs 1000] [--vlms 5]
"""

import argparse
import json
import shutil
import statistics
import time
from pathlib import Path

from experiments.benchmarks.sweep_page.browser import look
from experiments.benchmarks.sweep_page.folders import make_sweep
from vlminterp.report.sweep.page import write_sweep_report

HERE = Path(__file__).parent
OPENED = 5


def main() -> None:
    """Makes the run folders and the page, opens it, and writes `measured.json` and pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--vlms", type=int, default=5)
    given = parser.parse_args()
    work = HERE / "work"
    shutil.rmtree(work, ignore_errors=True)
    folder = make_sweep(work, given.vlms, given.pairs)
    made = [_seconds(folder) for _ in range(2)]
    page = folder / "report.html"
    seen = [look(page) for _ in range(OPENED)]
    for scheme in ("light", "dark"):
        look(page, dark=scheme == "dark", shot=work / f"{scheme}.png")
    measured = {
        "pairs": given.pairs,
        "vlms": given.vlms,
        "page_megabytes": page.stat().st_size / 1e6,
        "thumbnails": len(list((folder / "thumbnails").glob("*.jpg"))),
        "seconds_to_make": made[0],
        "seconds_to_make_again": made[1],
        "seconds_to_open": statistics.median(one.seconds for one in seen),
        "slowest": max(one.seconds for one in seen),
        "files_read_at_once": max(one.files for one in seen),
        "broken_pictures": max(one.broken for one in seen),
        "hosts_asked": sorted({host for one in seen for host in one.hosts}),
        "console": [line for one in seen for line in one.console],
        "sorts": seen[0].sort,
    }
    print(json.dumps(measured, indent=1))
    (HERE / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")


def _seconds(folder: Path) -> float:
    began = time.perf_counter()
    write_sweep_report(folder)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
