"""`vlminterp merge RUN RUN …` puts the shards of one run together, in the first folder."""

import argparse
import sys
from collections.abc import Sequence
from filecmp import cmp
from pathlib import Path

from vlminterp.errors import ResultsError, UserError
from vlminterp.results.atomic import write_whole, writing
from vlminterp.results.lock import exclusive
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.versions import differences


def merge(target: Path, others: Sequence[Path]) -> int:
    """Copies the undamaged parts of some folders of one run into another one of it.

    Args:
        target: Folder of the run, `…/HASH`; it is not finished by this.
        others: Folders of the same run, of which each has computed a shard.

    Returns:
        The number of the main table's parts that it has now.

    Raises:
        ResultsError: A folder is no run folder, another run's or made by other versions, is in use,
            or can't be written.
    """
    whole = RunFolder.read(target)
    with exclusive(target):
        for path in others:
            part = RunFolder.read(path)
            if path.resolve().name != target.resolve().name:
                raise ResultsError(
                    f"{path} is another run than {target}: shards of one run have folders of the "
                    "same name; the lines differ in an option, or their data in a file"
                )
            if changed := differences(part.versions, whole.versions):
                raise ResultsError(
                    f"{path} was computed with other versions than {target}: {', '.join(changed)}"
                )
            _copy_pictures(part, whole)
            whole.parts.adopt(part.parts)
            for name, table in part.tables().items():
                whole.table(name).adopt(table)
    return len(whole.parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Its arguments; those of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="vlminterp merge", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run, which gets all parts")
    parser.add_argument("others", type=Path, nargs="+", help="folders of its other shards")
    given = parser.parse_args(arguments)
    try:
        count = merge(given.run, given.others)
    except UserError as error:
        sys.stderr.write(f"vlminterp: {error}\n")
        return 1
    sys.stdout.write(f"{given.run}: {count} parts; run the same line without shard= to finish it\n")
    return 0


def _copy_pictures(part: RunFolder, whole: RunFolder) -> None:
    """Copies the pictures of undamaged parts, over a damaged copy too."""
    tables = (part.parts, *part.tables().values())
    named = {name for table in tables for number in table for name in table.pictures(number)}
    for file in sorted((part.path / "pictures").rglob("*.*")):
        place = file.relative_to(part.path)
        copy = whole.path / place
        if place.as_posix() in named and not (copy.is_file() and cmp(file, copy, shallow=False)):
            with writing(copy):
                copy.parent.mkdir(parents=True, exist_ok=True)
                write_whole(copy, file.read_bytes())
