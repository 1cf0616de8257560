"""`python -m vlminterp.export RUN --format FORMAT --to FOLDER` writes a run for another tool."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vlminterp.cli.streams import ended
from vlminterp.errors import ConfigError, ResultsError, UserError
from vlminterp.export.coco import to_coco
from vlminterp.export.fiftyone import to_fiftyone
from vlminterp.export.tables import to_npz, to_parquet
from vlminterp.plugin import load_plugin
from vlminterp.results.run_folder import RunFolder

Format = Callable[[RunFolder, Path], list[Path]]

FORMATS: Mapping[str, Format] = {
    "coco": to_coco,
    "fiftyone": to_fiftyone,
    "npz": to_npz,
    "parquet": to_parquet,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exports a run, and prints which files to open.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        The exit status: 0, or 2 with one line on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m vlminterp.export", description=__doc__)
    parser.add_argument("run", type=Path, help="outputs/PLUGIN/MODEL/HASH")
    parser.add_argument(
        "--format", required=True, help=f"{', '.join(FORMATS)}, or one of the run's plugin"
    )
    parser.add_argument("--to", type=Path, required=True, help="a folder, new or empty")
    parser.add_argument("--rows", type=int, help="at most so many, where a format draws rows")
    chosen = parser.parse_args(arguments)
    try:
        run = RunFolder.read(chosen.run)
        write = _exporter(run, chosen.format, chosen.rows)
        if chosen.to.exists() and not _is_empty_folder(chosen.to):
            raise ResultsError(f"{chosen.to} is not an empty folder; choose another for --to")
        try:
            chosen.to.mkdir(parents=True, exist_ok=True)
            files = write(run, chosen.to)
        except OSError as error:
            raise ResultsError(f"{chosen.to} can't be written: {error.strerror}") from error
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


def _exporter(run: RunFolder, name: str, rows: int | None) -> Format:
    """Returns the function that writes a format.

    Raises:
        ConfigError: The run's plugin has no such format, or `rows` is less than 1.
    """
    if rows is not None and rows < 1:
        raise ConfigError(f"--rows {rows} must be at least 1")
    if name in FORMATS:
        return FORMATS[name]
    try:
        own = load_plugin(run.names["plugin"]).exports()
    except ConfigError:
        own = {}
    if name not in own:
        known = ", ".join(sorted({*FORMATS, *own}))
        raise ConfigError(f"--format {name}: this run has no such format; choose from {known}")
    return lambda run, folder: own[name](run, folder, rows)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


if __name__ == "__main__":
    raise SystemExit(ended(main))
