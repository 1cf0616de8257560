"""`python -m vlminterp.report FOLDER` remakes the page of a run, or of a sweep."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vlminterp.cli.streams import ended
from vlminterp.errors import UserError
from vlminterp.report.page import write_report
from vlminterp.report.sweep.page import write_sweep_report
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import SWEEP_FILE


def main(arguments: Sequence[str] | None = None) -> int:
    """Remakes `report.html` and prints its path.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        The exit status: 0, or 2 with one line on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.report", description=__doc__)
    parser.add_argument("folder", type=Path, help="outputs/PLUGIN/MODEL/HASH, or outputs/sweeps/ID")
    try:
        folder = parser.parse_args(arguments).folder
        sweep = (folder / SWEEP_FILE).is_file()
        page = write_sweep_report(folder) if sweep else write_report(RunFolder.read(folder))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{page}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(ended(main))
