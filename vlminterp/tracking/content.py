"""What W&B is given of a run: tables, trajectories, pictures, summary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from vlminterp.results.attribution import PairResult, explained_pairs
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.tables import as_table, log_steps

PICTURES = 50


def log_content(run: "wandb.Run", results: RunFolder) -> None:
    """Logs the content of a run folder to an open W&B run.

    Every table becomes a `wandb.Table`: the main one as `rows`, the others as `tables/NAME`. The
    numbers of a table with a column `step` also become charts, `NAME/COLUMN`.

    Args:
        run: The W&B run.
        results: The run folder.
    """
    tables = results.tables()
    for name, parts in tables.items():
        log_steps(run, name, parts)
    for step in _mean_curves(explained_pairs(results)):
        run.log(step)
    pairs = list(islice(explained_pairs(results), PICTURES))
    content: dict[str, Any] = {f"tables/{name}": as_table(t) for name, t in tables.items()}
    if len(results.parts):
        content["rows"] = as_table(results.parts)
    if pairs:
        pictures = _pair_pictures(results, pairs)
        content["pairs"] = _pair_table(pairs, pictures)
        shown = list(pictures.values())
    else:
        shown = _pictures(sorted((results.path / "pictures").glob("*.png"))[:PICTURES])
    if shown:
        content["pictures"] = shown
    if content:
        run.log(content)
    run.summary.update(flat_summary(results.summary or {}))


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary as W&B's flat keys.

    Example:
        >>> control = {"mean": 0.1, "low": 0.0, "high": 0.2}
        >>> metric = {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 9, "controls": {"random": control}}
        >>> list(flat_summary({"pairs": 9, "metrics": {"pointing": metric}}))[:3]
        ['pairs', 'pointing/mean', 'pointing/low']
        >>> flat_summary({"verdict": "none", "cost": {"tokens": 3}})
        {'verdict': 'none', 'cost/tokens': 3}
    """
    flat = dict(_flattened({key: value for key, value in summary.items() if key != "metrics"}))
    for name, metric in summary.get("metrics", {}).items():
        lines = {name: metric}
        for control, values in (metric.get("controls") or {}).items():
            lines[f"{name}/{control}"] = values
        for line, values in lines.items():
            numbers = ((key, values.get(key)) for key in ("mean", "low", "high", "n"))
            flat |= {f"{line}/{key}": value for key, value in numbers if value is not None}
    return flat


def _flattened(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _mean_curves(pairs: Iterable[PairResult]) -> list[dict[str, float]]:
    """Each step's mean over pairs of every trajectory, e.g. `convergence/image/fit`."""
    sums: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, int] = defaultdict(int)
    for pair in pairs:
        for side, result in pair.sides.items():
            for name, values in result.curves.items():
                key = f"convergence/{side}/{name}"
                known = sums.setdefault(key, np.zeros(len(values)))
                if len(known) == len(values):
                    known += values
                    counts[key] += 1
    longest = max(map(len, sums.values()), default=0)
    return [
        {key: float(s[step] / counts[key]) for key, s in sums.items() if step < len(s)}
        for step in range(longest)
    ]


def _pair_table(pairs: Iterable[PairResult], pictures: Mapping[int, wandb.Image]) -> wandb.Table:
    columns: list[str | int] = ["id", "text", "similarity", "image nats", "text nats", "picture"]
    data: list[Iterable[Any]] = []
    for pair in pairs:
        rows = {side: result.row for side, result in pair.sides.items()}
        similarity = next(iter(rows.values())).get("similarity")
        totals = [rows.get(side, {}).get("total") for side in ("image", "text")]
        data.append([pair.id, pair.text, similarity, *totals, pictures.get(pair.pair)])
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True)


def _pair_pictures(results: RunFolder, pairs: Iterable[PairResult]) -> dict[int, wandb.Image]:
    """The runner's figures by pair."""
    figures = {pair.pair: (pair, _figure(results, pair)) for pair in pairs}
    found = {number: (pair, image) for number, (pair, image) in figures.items() if image}
    captions = [f"{pair.id}: {pair.text}" for pair, _ in found.values()]
    images = [image for _, image in found.values()]
    return dict(zip(found, _of_one_size(images, captions), strict=True))


def _pictures(files: Iterable[Path]) -> list[wandb.Image]:
    """Pictures of the run folder that belong to no pair, called as their files are."""
    images = {file.stem: image for file in files if (image := _read(file))}
    return _of_one_size(list(images.values()), list(images))


def _of_one_size(images: Sequence[Image.Image], captions: Sequence[str]) -> list[wandb.Image]:
    """W&B shows pictures of different sizes wrongly."""
    height = max((image.height for image in images), default=0)
    width = max((image.width for image in images), default=0)
    shown = []
    for image, caption in zip(images, captions, strict=True):
        canvas = Image.new("RGB", (width, height), "white")
        canvas.paste(image)
        shown.append(wandb.Image(canvas, caption=caption))
    return shown


def _figure(results: RunFolder, pair: PairResult) -> Image.Image | None:
    names = [side.row["overlay"] for side in pair.sides.values() if "overlay" in side.row]
    return next((image for name in names if (image := _read(results.path / name))), None)


def _read(file: Path) -> Image.Image | None:
    try:
        with Image.open(file) as picture:
            return picture.convert("RGB")
    except OSError:
        return None
