"""`python -m vlminterp.dashboard SWEEP` builds the W&B workspace and report of a sweep."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vlminterp.cli.streams import ended
from vlminterp.errors import ConfigError, ResultsError, UserError
from vlminterp.results.atomic import write_whole
from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import SWEEP_FILE, Sweep
from vlminterp.tracking.run import require_login, tracking_of

if TYPE_CHECKING:
    from vlminterp.dashboard.boards import Boards

SAVED = "dashboard.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds workspace and report, writes them as JSON, and with `--online` saves them in W&B.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        The exit status: 0, or 2 with one line on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.dashboard", description=__doc__)
    parser.add_argument("sweep", type=Path, help="outputs/sweeps/ID")
    parser.add_argument("--save", type=Path, help=f"the JSON; SWEEP/{SAVED} by default")
    parser.add_argument("--online", action="store_true", help="save in W&B; needs a login")
    parser.add_argument("--entity", help="W&B user or team; the runs' own by default")
    parser.add_argument("--project", help="W&B project; the runs' own by default")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.online:
            require_login("--online", "leave it out")
        boards = _boards(chosen)
        path: Path = chosen.save or chosen.sweep / SAVED
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, to_json(boards.to_json()))
        except OSError as error:
            raise ResultsError(f"{path} can't be written: {error.strerror}") from error
        lines = [str(path), *(_saved(boards) if chosen.online else ())]
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _boards(chosen: argparse.Namespace) -> "Boards":
    runs = _runs(chosen.sweep)
    try:
        from vlminterp.dashboard.boards import Boards, Where
    except ModuleNotFoundError as error:
        raise ConfigError(
            "a dashboard needs wandb-workspaces; pip install 'vlminterp[dashboard]'"
        ) from error
    tracking = tracking_of(runs[0])
    entity = chosen.entity or tracking.entity or (_own_entity() if chosen.online else "")
    where = Where(entity, chosen.project or tracking.project, chosen.sweep.resolve().name)
    return Boards(where, runs)


def _runs(folder: Path) -> list[RunFolder]:
    if not (folder / SWEEP_FILE).is_file():
        raise ResultsError(f"{folder} is no sweep (it lacks {SWEEP_FILE}); give outputs/sweeps/ID")
    runs = [run.folder for run in Sweep(folder).runs() if run.folder is not None and run.summary]
    if not runs:
        raise ResultsError(f"{folder}: no run of this sweep has finished")
    return runs


def _own_entity() -> str:
    import wandb

    with _reaching():
        return str(wandb.Api().default_entity)


def _saved(boards: "Boards") -> list[str]:
    with _reaching():
        return boards.save()


@contextmanager
def _reaching() -> Iterator[None]:
    """Turns errors of W&B and of the connection into one-line `ResultsError`s."""
    import requests
    import wandb

    try:
        yield
    except (wandb.Error, requests.RequestException, ValueError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ResultsError(f"W&B has not taken the dashboard: {reason[0]}") from error


if __name__ == "__main__":
    raise SystemExit(ended(main))
