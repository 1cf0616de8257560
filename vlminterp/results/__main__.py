"""`python -m vlminterp.results check FOLDER` names the damaged files of runs and sweeps."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vlminterp.cli.streams import ended
from vlminterp.errors import UserError
from vlminterp.results.check import damaged_beside, damaged_in_run, runs_in
from vlminterp.results.run_folder import RunFolder


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the damaged files of runs and sweeps, and whether each undamaged run has finished.

    Args:
        arguments: Arguments of the command line; the process's own by default.

    Returns:
        The exit status: 0 if nothing is damaged, 1 if something is, 2 if a folder holds no run,
        stage, sweep or cache.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.results", description=__doc__)
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("check", help="verify the digests of everything in a folder")
    check.add_argument(
        "folder",
        type=Path,
        nargs="+",
        help="folder of a run, stage or sweep, or one above it",
    )
    damaged = False
    try:
        for path in parser.parse_args(arguments).folder:
            beside = list(damaged_beside(path))
            for file in beside:
                sys.stdout.write(f"{file}: damaged or missing\n")
            damaged |= bool(beside)
            for run in runs_in(path):
                damaged |= _check(run)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int(damaged)


def _check(folder: RunFolder) -> bool:
    files = list(damaged_in_run(folder))
    for file in files:
        sys.stdout.write(f"{file}: damaged or missing\n")
    if files:
        sys.stdout.write(f"{folder.path}: repeat the command that made this run to mend it\n")
    else:
        state = "finished" if folder.summary else "unfinished"
        sys.stdout.write(f"{folder.path}: {state}, nothing is damaged\n")
    return bool(files)


if __name__ == "__main__":
    raise SystemExit(ended(main))
