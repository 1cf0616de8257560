"""Measures how well each method finds what a caption names, on scenes of the planted world.

    python -m experiments.studies.methods_truth.measure --pairs 100

Scenes hold two objects; the caption names one. A method that is already in `SPLIT.json` is not run
again; `SPLIT.md` is a table of all results in that file.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import OWN, make_method

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.image_scores import LOCALISATION
from vlminterp.attribution.targets import Contrast, Similarity, Target
from vlminterp.data.pairs import Pair
from vlminterp.metrics.intervals import mean_interval
from vlminterp.planted.source import PlantedConfig, PlantedSource

HERE = Path(__file__).parent
BATCH = 10
MODELS = ("planted-base", "planted-visual")
LAST = (
    *("m2ib", "coiba", "consensus", "occlusion", "scorecam", "exclip", "fixlip"),
    *("banzhaf", "kernelshap", "rise"),
)
"""The slowest methods, which are measured last."""
NIB = {"baseline": "zero", "quadrature": "right", "steps": 10, "layer": 8 / 11}
"""The authors' setting, whose cut is the output of block 8 of 12."""
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "ig, zero": {"ig": {"baseline": "zero"}},
    "ig, NIB": {"ig": NIB},
    "m2ib, blur": {"m2ib": {"copies": 2, "antithetic": True}},
    "gradeclip, last block": {"gradeclip": {"blocks": 1}},
}
CONTRASTED = ("ig", "gae", "attnlrp", "direct_effects")
"""Methods that also run with the target `contrast`, against all captions of the split."""

BLUR = 0.5
"""Standard deviation, in patches, of the blur of variants with that name."""
BLURRED = ("ig", "m2ib")
"""Methods whose maps are also scored after a blur."""


def variants() -> list[str]:
    """Returns the names of the variants to measure, cheap methods first."""
    first = [name for name in OWN if name not in LAST]
    beside = [name for name in OPTIONS if name not in OWN]
    contrasted = [f"{name}, contrast" for name in CONTRASTED]
    soft = [f"{name}, blur" for name in BLURRED if f"{name}, blur" not in beside]
    return [*first, *beside, *contrasted, *soft, *LAST]


def measure(encoder: DualEncoder, pairs: Sequence[Pair], variant: str) -> dict[str, Any]:
    """Returns each pair's scores by metric, and the mean CPU seconds per pair."""
    name, _, asked = variant.partition(", ")
    captions = sorted({pair.text for pair in pairs})
    target: Target = Contrast(captions) if asked == "contrast" else Similarity()
    found: dict[str, list[float]] = {metric: [] for metric in LOCALISATION}
    spent = 0.0
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        pixels = encoder.preprocess([pair.load_image() for pair in batch])
        tokens = encoder.tokenize([pair.text for pair in batch])
        method = make_method(
            name, Side.image, Batches(encoder, target, 0, OPTIONS.get(variant, {}))
        )
        before = time.process_time()
        explanation = method.attribute(pixels, tokens)
        spent += time.process_time() - before
        explanation = explanation.blurred(BLUR if asked == "blur" else 0)
        for index, pair in enumerate(batch):
            mask = pair.load_mask() if pair.load_mask else None
            assert mask is not None
            footprint = explanation.footprint(index)
            heat = place_on_image(explanation.map(index).numpy(), footprint, mask.shape)
            for metric, of in LOCALISATION.items():
                found[metric].append(round(float(of(heat, mask)), 4))
    return {**found, "seconds": round(spent / len(pairs), 4)}


def table(results: dict[str, dict[str, Any]]) -> str:
    """Returns a Markdown table of methods, sorted by average precision on the first model."""
    short = {"pointing_game": "pointing", "energy_in_mask": "energy", "average_precision": "AP"}
    models = list(results)
    heads = [f"{model.removeprefix('planted-')}: {short[m]}" for model in models for m in short]
    lines = ["| method | " + " | ".join([*heads, "CPU s a pair"]) + " |"]
    lines.append("|" + "-|" * (len(heads) + 2))
    first = results[models[0]]
    for name in sorted(first, key=lambda one: -np.mean(first[one]["average_precision"])):
        cells = []
        for model in models:
            scores = results[model].get(name)
            for metric in short:
                if scores is None:
                    cells.append("")
                    continue
                interval = mean_interval(scores[metric], bounds=(0, 1))
                cells.append(f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        lines.append(f"| {name} | " + " | ".join([*cells, f"{first[name]['seconds']:.3f}"]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures the missing variants, and writes results and table after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--split", default="test")
    parser.add_argument("--methods", nargs="+", default=variants())
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    file = HERE / f"{arguments.split}.json"
    results: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    chosen = PlantedConfig(pairs=arguments.pairs, split=arguments.split)
    pairs = list(PlantedSource(chosen).pairs())
    encoders = {model: vlminterp.load(model, "cpu") for model in arguments.models}
    for variant in arguments.methods:
        for model, encoder in encoders.items():
            known = results.setdefault(model, {})
            if variant not in known:
                known[variant] = measure(encoder, pairs, variant)
                print(model, variant, known[variant]["seconds"], flush=True)
                file.write_text(json.dumps(results, separators=(",", ":")) + "\n")
                file.with_suffix(".md").write_text(table(results))


if __name__ == "__main__":
    main()
