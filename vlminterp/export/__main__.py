"""`python -m vlminterp.export RUN --format FORMAT --to FOLDER` writes a run for another tool."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vlminterp.errors import ResultsError, UserError
from vlminterp.export.coco import to_coco
from vlminterp.export.fiftyone import to_fiftyone
from vlminterp.export.tables import to_npz, to_parquet
from vlminterp.results.run_folder import RunFolder

FORMATS: Mapping[str, Callable[[RunFolder, Path], list[Path]]] = {
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
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--to", type=Path, required=True, help="a folder, new or empty")
    chosen = parser.parse_args(arguments)
    try:
        run = RunFolder.read(chosen.run)
        if chosen.to.exists() and not _is_empty_folder(chosen.to):
            raise ResultsError(f"{chosen.to} is not an empty folder; choose another for --to")
        try:
            chosen.to.mkdir(parents=True, exist_ok=True)
            files = FORMATS[chosen.format](run, chosen.to)
        except OSError as error:
            raise ResultsError(f"{chosen.to} can't be written: {error.strerror}") from error
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


if __name__ == "__main__":
    raise SystemExit(main())
