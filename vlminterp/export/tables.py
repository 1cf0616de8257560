"""Export of a run's tables as one file each: rows as parquet, arrays as npz."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder

MAIN = "rows"
"""Name of the main table's file."""


def to_parquet(run: RunFolder, folder: Path) -> list[Path]:
    """Writes `rows.parquet`, and `NAME.parquet` for every other table, a part at a time.

    Args:
        run: The run folder.
        folder: The export's folder, which exists.

    Returns:
        The files.
    """
    written = []
    for name, parts in _tables(run):
        schemas = [part.schema for part in parts.tables()]
        schema = pa.unify_schemas(schemas, promote_options="permissive")
        file = folder / f"{name}.parquet"
        with pq.ParquetWriter(file, schema) as writer:
            for part in parts.tables():
                aligned = pa.concat_tables(
                    [schema.empty_table(), part], promote_options="permissive"
                )
                writer.write_table(aligned)
        written.append(file)
    return written


def to_npz(run: RunFolder, folder: Path) -> list[Path]:
    """Writes `rows.npz`, and `NAME.npz` for every other table that has arrays.

    Where parts of a table share names of arrays, its arrays are named `PART.NAME`.

    Args:
        run: The run folder.
        folder: The export's folder, which exists.

    Returns:
        The files.
    """
    written = []
    for name, parts in _tables(run):
        names = [key for number in parts for key in parts.arrays(number)]
        if not names:
            continue
        unique = len(set(names)) == len(names)
        file = folder / f"{name}.npz"
        # not np.savez, which needs all arrays in memory at once
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in parts:
                for key, array in parts.arrays(number).items():
                    entry = key if unique else f"{number:06d}.{key}"
                    with archive.open(f"{entry}.npy", "w", force_zip64=True) as stream:
                        np.lib.format.write_array(stream, array, allow_pickle=False)
        written.append(file)
    return written


def _tables(run: RunFolder) -> Iterator[tuple[str, Parts]]:
    if len(run.parts):
        yield MAIN, run.parts
    yield from run.tables().items()
