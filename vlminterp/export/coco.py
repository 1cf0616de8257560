"""Export to COCO's JSON: hot regions, regions that the caption names, and the caption."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlminterp.export.pictures import (
    ExplainedPicture,
    explained_pictures,
    folders_of_methods,
    kept_note,
)
from vlminterp.results.atomic import write_whole
from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder

HOT, NAMED, CAPTION = 1, 2, 3
CATEGORIES = {HOT: "hot", NAMED: "named", CAPTION: "caption"}
HOT_FROM = 0.5
"""Share of the highest score from which a pixel is hot."""

Mask = NDArray[np.bool_]


def to_coco(run: RunFolder, folder: Path) -> list[Path]:
    """Writes `annotations.json` and `images/`.

    A picture's hot pixels and its named pixels are one annotation each, with box, area and an
    uncompressed run-length mask, which COCO marks as `iscrowd` 1; `score` is the mean heat there,
    in the picture's `unit`. The map is in `maps/NAME.npy`, float32 `[height, width]`; the picture's
    `score_map` is its path, and its `passport`, `trust` and `nothing` say how far the map can be
    trusted. A run of several methods is written to a folder for each.

    Args:
        run: The run folder.
        folder: The export's folder, which exists.

    Returns:
        The JSON files.
    """
    return [_write(run, method, own) for method, own in folders_of_methods(run, folder)]


def _write(run: RunFolder, method: str | None, folder: Path) -> Path:
    """Writes one method's results; returns the JSON file."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    (folder / "maps").mkdir()
    for picture in explained_pictures(run, method, folder, "images"):
        image = _image(picture)
        np.save(folder / image["score_map"], picture.heat)
        images.append(image)
        top = float(np.nanmax(picture.heat))
        hot = np.nan_to_num(picture.heat) >= HOT_FROM * top if top > 0 else None
        regions = {HOT: hot, NAMED: picture.named}
        own: list[dict[str, Any]] = [
            {"category_id": category, **_region(mask, picture.heat)}
            for category, mask in regions.items()
            if mask is not None and mask.any()
        ]
        own.append({"category_id": CAPTION, "caption": picture.pair.text})
        for annotation in own:
            number = len(annotations) + 1
            annotations.append({"id": number, "image_id": image["id"], **annotation})
    content: Mapping[str, Any] = {
        "info": {
            "description": "vlminterp",
            "run": run.path.resolve().name,
            **run.names,
            **kept_note(run, len(images)),
        },
        "images": images,
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in CATEGORIES.items()],
    }
    file = folder / "annotations.json"
    write_whole(file, to_json(content))
    return file


def run_lengths(mask: Mask) -> dict[str, list[int]]:
    """Encodes a mask as COCO's uncompressed run lengths: column by column, zeros first.

    Args:
        mask: The mask, bool `[height, width]`.

    Example:
        >>> run_lengths(np.array([[False, True], [True, True]]))
        {'counts': [1, 3], 'size': [2, 2]}
        >>> run_lengths(np.array([[True, False]]))
        {'counts': [0, 1, 1], 'size': [1, 2]}
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *changes, flat.size]).tolist()
    return {"counts": [0, *lengths] if flat[0] else lengths, "size": list(mask.shape)}


def _image(picture: ExplainedPicture) -> dict[str, Any]:
    height, width = picture.heat.shape
    return {
        "id": picture.pair.pair + 1,
        "file_name": picture.file.as_posix(),
        "score_map": f"maps/{picture.file.stem}.npy",
        "width": width,
        "height": height,
        "source": picture.pair.id,
        "unit": picture.pair.image.unit if picture.pair.image else None,
        **(picture.pair.image.passport if picture.pair.image else {}),
    }


def _region(mask: Mask, heat: NDArray[np.float32]) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "area": int(mask.sum()),
        "segmentation": run_lengths(mask),
        "iscrowd": 1,
        "score": float(np.nanmean(np.where(mask, heat, np.nan))),
    }
