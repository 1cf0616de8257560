"""Writes run folders like those of five VLMs, to try out the page of a large sweep."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.results.run_folder import RunFolder
from vlminterp.results.sweep import Sweep

FAMILIES = ("visual", "habitat", "diet", "kind", "behaviour", "spurious")
GRIDS = (7, 7, 14, 16, 24)
BATCH, SIDE = 50, 224


def make_sweep(output: Path, vlms: int, pairs: int) -> Path:
    """Writes a sweep of `vlms` x {m2ib, ex2}, one run of which has failed; returns its folder."""
    sweep = Sweep(output / "sweeps" / "0123456789ab")
    for number in range(vlms):
        for plugin, write in (("m2ib", _explained), ("ex2", _heard)):
            names = {"plugin": plugin, "model": f"vlm-{number}", "data": "made-up"}
            path = output / plugin / names["model"] / f"{number:012x}"
            with RunFolder.open(path, {"names": names, "seed": number}) as results:
                write(results, names, number, pairs)
            (path / "report.html").write_text("<!DOCTYPE html><title>a run</title>")
            sweep.note(f"+plugin={plugin} model=vlm-{number}", {**names, "path": str(path)})
    broken = {"plugin": "m2ib", "model": "vlm-broken", "data": "made-up"}
    reason = "the hub can't be reached and 'org/vlm-broken' is not in its cache"
    sweep.note("+plugin=m2ib model=vlm-broken", {**broken, "failed": reason})
    return sweep.folder


def _explained(results: RunFolder, names: dict[str, str], vlm: int, pairs: int) -> None:
    for start in range(0, pairs, BATCH):
        rows, arrays = [], {}
        for pair in range(start, min(start + BATCH, pairs)):
            rng = np.random.default_rng(pair)
            small = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
            picture = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            place = rng.uniform(0.2, 0.8, 2)
            own = np.random.default_rng((pair, vlm))
            if own.random() < 0.2 * vlm:  # later VLMs look elsewhere more often
                place = own.uniform(0.1, 0.9, 2)
            arrays[f"{pair}.image.map"] = _map(place, GRIDS[vlm % len(GRIDS)], own)
            shared = {"pair": pair, "id": f"picture/{pair:05d}.jpg", "text": f"caption {pair}"}
            shared |= {"similarity": float(own.normal(0.3, 0.03)), "skipped": None}
            box = [0.0, 0.0, float(SIDE), float(SIDE)]
            saved = results.save_picture(f"{pair:06d}", picture)
            rows += [
                {
                    **shared,
                    "side": "image",
                    "picture": saved,
                    "width": SIDE,
                    "height": SIDE,
                    "box": box,
                },
                {
                    **shared,
                    "side": "text",
                    "words": ["caption", str(pair)],
                    "word_scores": [1.2, 0.3],
                },
            ]
        results.parts.write(start // BATCH, rows, arrays)
    share = 0.9 - 0.15 * vlm
    metric = {"mean": share, "low": share - 0.03, "high": share + 0.03, "n": pairs}
    metrics = {
        "image.pointing_game": {**metric, "higher_is_better": True},
        "image.coverage": {**metric, "mean": 0.31, "low": 0.3, "high": 0.32},
    }
    results.finish({"kind": "attribution", **names, "pairs": pairs, "metrics": metrics})


def _map(place: NDArray[np.float64], grid: int, rng: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = np.mgrid[0:grid, 0:grid] / grid + 0.5 / grid
    away = (columns - place[0]) ** 2 + (rows - place[1]) ** 2
    heat = np.exp(-away / 0.03) + rng.gamma(1.0, 0.04, (grid, grid))
    return np.asarray(heat, np.float32)


def _heard(results: RunFolder, names: dict[str, str], vlm: int, pairs: int) -> None:
    rng = np.random.default_rng(vlm)
    kl = np.linspace(0, 30 + 5 * vlm, 60) + rng.normal(0, 1, 60)
    reward = 30 + vlm + 18 * (1 - np.exp(-kl / (8 + 3 * vlm))) + rng.normal(0, 0.6, 60)
    steps = [
        {"step": step, "kl": float(k), "reward": float(r)}
        for step, (k, r) in enumerate(zip(kl, reward, strict=True), 1)
    ]
    results.table("align").write(0, steps, {})
    gains = dict(zip(FAMILIES, 0.2 * rng.dirichlet(np.full(6, 0.4)), strict=True))
    best = max(gains, key=lambda family: gains[family])
    finding = "preferred" if gains[best] > 0.1 else "undecided"
    results.finish(
        {
            **names,
            "finding": finding,
            "preferred": best if finding == "preferred" else None,
            "margin": 0.02,
            "gains": {"presence": {name: _interval(mean) for name, mean in gains.items()}},
            "metrics": {"reward": _interval(46.0 + vlm), "kl": _interval(30.0 + 5 * vlm)},
        }
    )


def _interval(mean: float) -> dict[str, float]:
    return {"mean": float(mean), "low": float(mean) - 0.01, "high": float(mean) + 0.012, "n": 40}
