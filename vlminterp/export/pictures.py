"""The explained pictures of an attribution run, for export to image tools."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import PairResult, compared_methods, explained_pairs
from vlminterp.data.images import image_size, opened
from vlminterp.errors import ResultsError
from vlminterp.results.run_folder import RunFolder


@dataclass(frozen=True)
class ExplainedPicture:
    """A picture with its explanation.

    Attributes:
        pair: The pair's results.
        file: Path of the picture, relative to the export's folder.
        heat: Scores in the unit of the pair's image side, float32 `[height, width]` of the picture;
            NaN where the model did not look.
        named: Mask of what the caption names, bool `[height, width]`; None where unknown.
    """

    pair: PairResult
    file: Path
    heat: NDArray[np.float32]
    named: NDArray[np.bool_] | None


def folders_of_methods(run: RunFolder, folder: Path) -> Iterator[tuple[str | None, Path]]:
    """Yields each method of a run with a folder to export it to.

    Args:
        run: The run folder.
        folder: The export's folder; a run of one method is exported to it, methods of a run of
            several to subfolders of their names, which are made here.
    """
    for method in compared_methods(run):
        own = folder / (method or "")
        own.mkdir(exist_ok=True)
        yield method, own


def explained_pictures(
    run: RunFolder, method: str | None, folder: Path, below: str
) -> Iterator[ExplainedPicture]:
    """Copies the run's pictures, and yields each with its explanation.

    Args:
        run: The run folder.
        method: The method, where the run compares several.
        folder: The export's folder.
        below: Name of its subfolder for pictures, which is made here.

    Raises:
        ResultsError: The run explains no pictures.
    """
    found = False
    (folder / below).mkdir()
    for pair in explained_pairs(run, method):
        side = pair.image
        if side is None or "picture" not in side.row:
            continue
        source = run.path / side.row["picture"]
        heat = placed_map(side, image_size(source))
        if heat is None:
            continue
        found = True
        shutil.copyfile(source, folder / below / source.name)
        named = _mask(run.path / side.row["mask"]) if "mask" in side.row else None
        yield ExplainedPicture(pair, Path(below) / source.name, heat, named)
    if not found:
        raise ResultsError(
            f"{run.path} explains no pictures, which this format is for; use parquet or npz"
        )


def kept_note(run: RunFolder, exported: int) -> dict[str, str]:
    """Returns how many pairs' pictures a run has kept, for an export of fewer than it explained.

    Args:
        run: The run folder.
        exported: Number of pictures that are exported.
    """
    summary = run.summary or {}
    explained = int(summary.get("pairs", exported)) - int(summary.get("skipped", 0))
    return {"pictures": f"{exported} of {explained} pairs"} if exported < explained else {}


def _mask(file: Path) -> NDArray[np.bool_]:
    with opened(file) as image:
        mask: NDArray[np.bool_] = np.asarray(image.convert("L")) > 0
    return mask
