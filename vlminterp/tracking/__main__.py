"""`python -m vlminterp.tracking FOLDER` mirrors a run, or each run of a sweep, to W&B again.

The run folder holds everything that is logged to W&B, so a mirror can be made at any time.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from vlminterp.cli.streams import ended
from vlminterp.errors import UserError
from vlminterp.results.lock import exclusive
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import SWEEP_FILE, Sweep
from vlminterp.tracking.config import Mode
from vlminterp.tracking.run import mirror, tracking_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Mirrors run folders, and prints the path of each mirror.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        The exit status: 0, or 2 with one line on stderr for each run that could not be mirrored.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.tracking", description=__doc__)
    parser.add_argument("folder", type=Path, help="outputs/PLUGIN/MODEL/HASH, or outputs/sweeps/ID")
    modes = [mode.value for mode in Mode if mode is not Mode.disabled]
    parser.add_argument("--mode", choices=modes, default="offline", help="default: offline")
    chosen = parser.parse_args(arguments)
    failed = False
    try:
        for run, group in _runs(chosen.folder):
            failed |= not _replay(run, Mode(chosen.mode), group)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 2 if failed else 0


def _runs(folder: Path) -> Iterator[tuple[RunFolder, str | None]]:
    """Yields the runs of a folder, each with its sweep; None for a run outside a sweep."""
    if not (folder / SWEEP_FILE).is_file():
        run = RunFolder.read(folder)
        yield run, run.config.get("sweep")
        return
    for one in Sweep(folder).runs():
        if one.folder is None:
            sys.stderr.write(f"{one.line}: has no folder ({one.failed or one.state.value})\n")
        else:
            yield one.folder, folder.resolve().name


def _replay(run: RunFolder, mode: Mode, group: str | None) -> bool:
    try:
        with exclusive(run.path):
            mirror(run, replace(tracking_of(run), mode=mode), group, again=True)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return False
    sys.stdout.write(f"{run.path / 'wandb'}\n")
    return True


if __name__ == "__main__":
    raise SystemExit(ended(main))
