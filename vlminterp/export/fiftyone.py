"""Export to FiftyOne's dataset on disk: `samples.json`, pictures, heatmaps and masks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.export.pictures import (
    ExplainedPicture,
    explained_pictures,
    folders_of_methods,
    kept_note,
)
from vlminterp.results.atomic import write_whole
from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder

BRIGHTEST = 255


def to_fiftyone(run: RunFolder, folder: Path) -> list[Path]:
    """Writes `samples.json` and `metadata.json`; `data/` has pictures, `fields/` maps and masks.

    A heatmap is a grey PNG whose 255 is the sample's `highest`, in its `unit`. The word on a map's
    passport is the sample's tag, and beside its two numbers the field `passport`. A run of several
    methods is written to a folder for each.

    Args:
        run: The run folder.
        folder: The export's folder, which exists.

    Returns:
        The JSON files of the samples.
    """
    return [_write(run, method, own) for method, own in folders_of_methods(run, folder)]


def _write(run: RunFolder, method: str | None, folder: Path) -> Path:
    """Writes one method's results; returns the JSON file of the samples."""
    for field in ("heatmap", "named"):
        (folder / "fields" / field).mkdir(parents=True)
    pictures = explained_pictures(run, method, folder, "data")
    samples = [_sample(picture, folder) for picture in pictures]
    name = "-".join(["vlminterp", run.path.resolve().name, *([method] if method else [])])
    facts = {"name": name, "media_type": "image"}
    info = {**run.names, **kept_note(run, len(samples))}
    write_whole(folder / "metadata.json", to_json({**facts, "info": info}))
    file = folder / "samples.json"
    write_whole(file, to_json({"samples": samples}))
    return file


def _sample(picture: ExplainedPicture, folder: Path) -> Mapping[str, Any]:
    """Returns one sample under FiftyOne's names, and saves its heatmap and mask."""
    height, width = picture.heat.shape
    positive = np.nan_to_num(picture.heat).clip(0)
    highest = float(positive.max())
    grey = (positive / max(highest, np.finfo(np.float32).tiny) * BRIGHTEST).round()
    heatmap = _save(folder, f"fields/heatmap/{picture.file.stem}.png", grey)
    row = picture.pair.image.row if picture.pair.image else {}
    sample: dict[str, Any] = {
        "filepath": picture.file.as_posix(),
        "tags": [row["passport"]] if "passport" in row else [],
        "metadata": {"_cls": "ImageMetadata", "width": width, "height": height},
        "source": picture.pair.id,
        "caption": picture.pair.text,
        "similarity": row.get("similarity"),
        "highest": highest,
        "unit": picture.pair.image.unit if picture.pair.image else None,
        "heatmap": {"_cls": "Heatmap", "map_path": heatmap, "range": [0, BRIGHTEST]},
        **(picture.pair.image.passport if picture.pair.image else {}),
        **{name.replace(".", "_"): value for name, value in _metrics(picture).items()},
    }
    if picture.named is not None:
        mask = _save(folder, f"fields/named/{picture.file.stem}.png", picture.named * BRIGHTEST)
        sample["named"] = {"_cls": "Segmentation", "mask_path": mask}
    return sample


def _metrics(picture: ExplainedPicture) -> dict[str, float]:
    return picture.pair.image.metrics if picture.pair.image else {}


def _save(folder: Path, name: str, values: NDArray[Any]) -> str:
    Image.fromarray(values.astype(np.uint8)).save(folder / name)
    return name
