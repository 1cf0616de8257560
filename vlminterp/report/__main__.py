"""`python -m vlminterp.report RUN_FOLDER` remakes the page of a run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vlminterp.errors import UserError
from vlminterp.report.page import write_report
from vlminterp.results.run_folder import RunFolder


def main(arguments: Sequence[str] | None = None) -> int:
    """Remakes `report.html` and prints its path.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        The exit status: 0, or 2 with one line on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.report", description=__doc__)
    parser.add_argument("folder", type=Path, help="outputs/PLUGIN/MODEL/HASH, as a run prints it")
    try:
        page = write_report(RunFolder.read(parser.parse_args(arguments).folder))
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{page}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
