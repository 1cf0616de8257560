"""Logs the content of a run to W&B: tables, trajectories, pictures, summary, lineage."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import wandb
from numpy.typing import NDArray

from vlminterp.attribution.rows import PASSPORT, PairResult, compared_methods, explained_pairs
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.galleries import gallery, gallery_key
from vlminterp.tracking.lineage import log_lineage
from vlminterp.tracking.media import as_media, figures, heatmaps, picture
from vlminterp.tracking.summary import log_summary
from vlminterp.tracking.tables import STEP, log_steps, log_table

CONVERGENCE = "convergence"
"""Prefix of the trajectories of an attribution method's own optimisation."""

CONVERGENCE_STEP = f"{CONVERGENCE}/{STEP}"

PICTURES = 50
"""Pictures of a run that are logged to W&B; the run folder has all."""


def log_content(run: "wandb.Run", results: RunFolder) -> None:
    """Logs the content of a run folder to an open W&B run.

    A run of several methods has `pairs`, `pictures` and `heatmaps` for each, as `pairs/METHOD`.
    Every table becomes a `wandb.Table`: the main one as `rows`, the others as `tables/NAME`, and
    those whose rows name saved pictures also as `gallery/NAME`, with these side by side. The
    numbers of a table with a column `step` also become charts, `NAME/COLUMN`.

    Args:
        run: The W&B run.
        results: The run folder.
    """
    summary, tables = results.summary or {}, results.tables()
    metrics = summary.get("metrics") or {}
    directions = {name: metric.get("higher_is_better") for name, metric in metrics.items()}
    run.define_metric(CONVERGENCE_STEP, hidden=True)
    run.define_metric(f"{CONVERGENCE}/*", step_metric=CONVERGENCE_STEP)
    for number, step in enumerate(mean_curves(explained_pairs(results))):
        run.log({CONVERGENCE_STEP: number, **step})
    log_table(run, "rows", results.parts)
    for name, parts in tables.items():
        log_steps(run, name, parts, directions)
        log_table(run, f"tables/{name}", parts)
        if (shown := gallery(results, parts)) is not None:
            run.log({gallery_key(name): shown})
    _log_pictures(run, results)
    log_summary(run, summary)
    log_lineage(run, results)


def _log_pictures(run: "wandb.Run", results: RunFolder) -> None:
    """Logs the first pairs' figures and heatmaps; without pairs, any pictures in the folder."""
    content: dict[str, Any] = {}
    for method in compared_methods(results):
        pairs = list(islice(explained_pairs(results, method), PICTURES))
        if pairs:
            drawn = figures(results.path, pairs)
            shown = dict(zip(drawn, as_media(list(drawn.values())), strict=True))
            content[of_method("pairs", method)] = _pair_table(pairs, shown)
            content[of_method("pictures", method)] = list(shown.values())
            content[of_method("heatmaps", method)] = as_media(heatmaps(results.path, pairs))
    if not content:
        files = sorted((results.path / "pictures").glob("[!.]*"))[:PICTURES]
        content["pictures"] = as_media([one for f in files if (one := picture(f, f.stem))])
    content = {key: value for key, value in content.items() if value}
    if content:
        run.log(content)


def of_method(key: str, method: str | None) -> str:
    """Returns the key of one method's content, where a run compares several."""
    return key if method is None else f"{key}/{method}"


def mean_curves(pairs: Iterable[PairResult]) -> list[dict[str, float]]:
    """Averages every trajectory over pairs, by step and key, e.g. `convergence/image/fit`."""
    sums: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, int] = defaultdict(int)
    for pair in pairs:
        for side, result in pair.sides.items():
            for name, values in result.curves.items():
                key = f"{CONVERGENCE}/{side}/{name}"
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
    pairs = list(pairs)
    unit = next((side.unit for pair in pairs for side in pair.sides.values()), "")
    totals = [f"{side} {unit}" for side in ("image", "text")]
    passported = PASSPORT if any(pair.image and pair.image.passport for pair in pairs) else ()
    columns: list[str | int] = ["id", "text", "similarity", *totals, *passported, "picture"]
    data: list[Iterable[Any]] = []
    for pair in pairs:
        rows = {side: result.row for side, result in pair.sides.items()}
        similarity = next(iter(rows.values())).get("similarity")
        sums = [rows.get(side, {}).get("total") for side in ("image", "text")]
        passport = [rows.get("image", {}).get(name) for name in passported]
        data.append([pair.id, pair.text, similarity, *sums, *passport, pictures.get(pair.pair)])
    return wandb.Table(columns=columns, data=data, allow_mixed_types=True)
