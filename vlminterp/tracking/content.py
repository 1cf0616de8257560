"""What W&B is given of a run: rows, pictures, convergence, summary."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any

import numpy as np
import wandb
from numpy.typing import NDArray
from PIL import Image

from vlminterp.results.attribution import PairResult, explained_pairs
from vlminterp.results.run_folder import RunFolder

PICTURES = 50
ROWS = 10_000  # as many as W&B's own interface shows


def log_content(run: "wandb.Run", results: RunFolder) -> None:
    """Logs the content of a run folder to an open W&B run.

    Args:
        run: The W&B run.
        results: The run folder.
    """
    for step in _mean_curves(explained_pairs(results)):
        run.log(step)
    pairs = list(islice(explained_pairs(results), PICTURES))
    pictures = _pictures(results, pairs)
    content: dict[str, Any] = {"rows": _row_table(results), "pairs": _pair_table(pairs, pictures)}
    run.log({**content, "pictures": list(pictures.values())} if pictures else content)
    run.summary.update(flat_summary(results.summary or {}))


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary as W&B's flat keys.

    Example:
        >>> control = {"mean": 0.1, "low": 0.0, "high": 0.2}
        >>> metric = {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 9, "controls": {"random": control}}
        >>> list(flat_summary({"pairs": 9, "metrics": {"pointing": metric}}))[:3]
        ['pairs', 'pointing/mean', 'pointing/low']
    """
    flat = {key: value for key, value in summary.items() if key != "metrics"}
    for name, metric in summary.get("metrics", {}).items():
        lines = {name: metric}
        for control, values in (metric.get("controls") or {}).items():
            lines[f"{name}/{control}"] = values
        for line, values in lines.items():
            numbers = ((key, values.get(key)) for key in ("mean", "low", "high", "n"))
            flat |= {f"{line}/{key}": value for key, value in numbers if value is not None}
    return flat


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


def _row_table(results: RunFolder) -> wandb.Table:
    """The rows; lists as JSON, for a W&B column has one type."""
    every = chain.from_iterable(table.to_pylist() for table in results.parts.tables())
    rows = list(islice(every, ROWS))
    columns: list[str | int] = list(dict.fromkeys(name for row in rows for name in row))
    data: list[Iterable[Any]] = [[_cell(row.get(name)) for name in columns] for row in rows]
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True)


def _pair_table(pairs: Iterable[PairResult], pictures: Mapping[int, wandb.Image]) -> wandb.Table:
    columns: list[str | int] = ["id", "text", "similarity", "image nats", "text nats", "picture"]
    data: list[Iterable[Any]] = []
    for pair in pairs:
        rows = {side: result.row for side, result in pair.sides.items()}
        similarity = next(iter(rows.values())).get("similarity")
        totals = [rows.get(side, {}).get("total") for side in ("image", "text")]
        data.append([pair.id, pair.text, similarity, *totals, pictures.get(pair.pair)])
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True)


def _pictures(results: RunFolder, pairs: Iterable[PairResult]) -> dict[int, wandb.Image]:
    """The runner's figures by pair, all of one size: W&B shows others wrongly."""
    figures = {pair.pair: (pair, _figure(results, pair)) for pair in pairs}
    found = {number: (pair, image) for number, (pair, image) in figures.items() if image}
    height = max((image.height for _, image in found.values()), default=0)
    width = max((image.width for _, image in found.values()), default=0)
    pictures = {}
    for number, (pair, image) in found.items():
        canvas = Image.new("RGB", (width, height), "white")
        canvas.paste(image)
        pictures[number] = wandb.Image(canvas, caption=f"{pair.id}: {pair.text}")
    return pictures


def _figure(results: RunFolder, pair: PairResult) -> Image.Image | None:
    for side in pair.sides.values():
        if "overlay" in side.row:
            try:
                with Image.open(results.path / side.row["overlay"]) as picture:
                    return picture.convert("RGB")
            except OSError:
                continue
    return None


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
