"""Finds the finished runs in a folder."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import shorten

from vlminterp.errors import InputError, ResultsError
from vlminterp.paths import is_run_folder
from vlminterp.plugin import headline_of
from vlminterp.results.run_folder import RunFolder

LONGEST = 90
"""The longest headline in a list of runs, in characters."""


def finished_runs(outputs: str | Path) -> list[RunFolder]:
    """Returns the finished runs in `outputs/PLUGIN/MODEL/HASH`, sorted.

    Args:
        outputs: The folder of runs, or the folder of one run.

    Raises:
        InputError: There is no such folder.
    """
    root = Path(outputs).expanduser()
    if not root.is_dir():
        raise InputError(f"no folder at {root}: type the folder that runs were written to")
    folders = [root] if is_run_folder(root) else sorted(root.glob("*/*/*"))
    return list(_finished(folders))


def _finished(folders: list[Path]) -> Iterator[RunFolder]:
    for folder in folders:
        with suppress(ResultsError):
            run = RunFolder.read(folder)
            if run.summary is not None:
                yield run


def offered(outputs: str | Path, wanted: Callable[[RunFolder], bool]) -> list[tuple[str, str]]:
    """Returns the labels and paths of the finished runs that are wanted; none without a folder."""
    if not Path(outputs).expanduser().is_dir():
        return []
    return [(label(run), str(run.path)) for run in finished_runs(outputs) if wanted(run)]


def likes_something(run: RunFolder) -> bool:
    """Tells whether a run has found which families of words its VLM likes to hear."""
    return "gains" in (run.summary or {})


def label(run: RunFolder) -> str:
    """Returns a finished run as one line of a list."""
    names = run.names
    told = shorten(headline_of(names["plugin"], run.summary or {}), LONGEST, placeholder=" …")
    chosen = " · ".join((names["plugin"], names["model"], names["data"]))
    return f"{chosen}: {told} ({run.path.name})"
