"""Tries every bottleneck setting on validation scenes of the planted world.

    python -m experiments.studies.m2ib_planted.settings --pairs 96

Scenes hold two objects, and the caption names one. The defaults of `+plugin=m2ib` are chosen here,
without looking at the test scenes that `python -m vlminterp +plugin=m2ib` explains.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import PooledToken, Scale, Settings

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.batch_scores import BatchScores
from vlminterp.attribution.explanation import Side
from vlminterp.data.pairs import Pair
from vlminterp.metrics.intervals import mean_interval
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.progress import Progress

HERE = Path(__file__).parent
BATCH = 24
COLUMNS = {
    Side.image: ("pointing_game", "energy_in_mask", "average_precision"),
    Side.text: ("word_pointing", "word_average_precision"),
}


def grid(side: Side) -> Iterator[Settings]:
    """Yields every setting that is tried on one side."""
    layers: tuple[int | str, ...] = ("embeddings", 0, 1, 2, 3, 4)
    if side is Side.text:
        layers = layers[:3]
    for scale, layer, beta in product(Scale, layers, (0.1, 1.0)):
        yield Settings(layer=layer, beta=beta, scale=scale)
    for layer, pooled in product(layers, (PooledToken.blocked, PooledToken.whole)):
        yield Settings(layer=layer, pooled_token=pooled)


def explain(
    encoder: DualEncoder, pairs: Sequence[Pair], side: Side, settings: Settings
) -> list[dict[str, float]]:
    """Returns the metrics of each pair, with fit and nats."""
    rows = []
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        seeds = list(range(start, start + len(batch)))
        pixels = encoder.preprocess([pair.load_image() for pair in batch])
        tokens = encoder.tokenize([pair.text for pair in batch])
        found = M2IB(encoder, side, settings).attribute(pixels, tokens)
        masks = [pair.load_mask() if pair.load_mask else None for pair in batch]
        truths = [pair.named_words for pair in batch]
        scores = BatchScores(encoder, pixels, tokens, masks, truths, seeds)(found)
        for index, row in enumerate(scores):
            row["similarity"] = float(found.similarity[index])
            row["fit"] = float(found.curves["fit"][index, -1])
            row["nats"] = float(found.scores[index].sum())
        rows += scores
    return rows


def summary(rows: Sequence[dict[str, float]], side: Side) -> dict[str, Any]:
    """Returns means with intervals, baselines included."""
    names = [name for name in rows[0] if name.split(".")[0] in (*COLUMNS[side], "fit", "nats")]
    values = {name: mean_interval([row.get(name, np.nan) for row in rows]) for name in names}
    return {
        name: [round(end, 4) for end in (value.mean, value.low, value.high)]
        for name, value in values.items()
    }


def table(results: Sequence[dict[str, Any]], side: Side) -> str:
    """Returns settings and their scores as Markdown, best first."""
    columns = [*COLUMNS[side], "fit", "nats"]
    lines = [
        "| scale | layer | β | pooled token | " + " | ".join(columns) + " |",
        "|---" * (4 + len(columns)) + "|",
    ]
    best = sorted(results, key=lambda result: -result["scores"][columns[0]][0])
    for result in best:
        setting = result["settings"]
        cells = [f"{result['scores'][c][0]:.2f}" for c in columns]
        chosen = [setting["scale"], setting["layer"], setting["beta"], setting["pooled_token"]]
        lines.append(f"| {' | '.join(map(str, chosen))} | {' | '.join(cells)} |")
    for baseline in ("random", "centre", "constant"):
        scores = results[0]["scores"]
        names = [f"{column}.{baseline}" for column in COLUMNS[side]]
        cells = [f"{scores[name][0]:.2f}" for name in names if name in scores]
        if cells:
            lines.append(f"| *{baseline}* | | | | {' | '.join(cells)} | | |")
    return "\n".join(lines)


def as_table(results: Mapping[str, Sequence[dict[str, Any]]]) -> pd.DataFrame:
    """Returns a row for each side, setting and metric."""
    return pd.DataFrame(
        {"side": side, **one["settings"], "metric": metric, "mean": mean, "low": low, "high": high}
        for side, found in results.items()
        for one in found
        for metric, (mean, low, high) in one["scores"].items()
    )


def plain(settings: Settings) -> dict[str, Any]:
    """Converts settings to values that JSON can hold."""
    return {name: getattr(value, "value", value) for name, value in vars(settings).items()}


def main() -> None:
    """Tries everything and writes `settings.csv` and `settings.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="planted-base")
    parser.add_argument("--pairs", type=int, default=96)
    parser.add_argument("--copies", type=int, default=10)
    arguments = parser.parse_args()
    encoder = vlminterp.load(arguments.model)
    source = PlantedSource(PlantedConfig(pairs=arguments.pairs, split="validation"))
    pairs = list(source.pairs())
    everything, pages = {}, []
    with Progress() as progress:
        for side in Side:
            settings = [
                replace(setting, copies=arguments.copies, antithetic=False)
                for setting in grid(side)
            ]
            results = []
            with progress.track(f"{side.value} side", len(settings), unit="settings") as stage:
                for setting in settings:
                    rows = explain(encoder, pairs, side, setting)
                    results.append({"settings": plain(setting), "scores": summary(rows, side)})
                    stage.advance()
            everything[side.value] = results
            pages.append(f"## {side.value.capitalize()} side\n\n{table(results, side)}\n")
    as_table(everything).to_csv(HERE / "settings.csv", index=False)
    (HERE / "settings.md").write_text("\n".join(pages))
    print("\n".join(pages))


if __name__ == "__main__":
    main()
