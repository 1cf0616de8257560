"""Compares ten independent noisy copies with two antithetic ones, pair by pair.

    python -m experiments.studies.m2ib_planted.copies

Test scenes hold two objects; the caption names one. Writes `copies.md`.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import DEFAULTS, Settings

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.image_scores import LOCALISATION
from vlminterp.data.pairs import Pair
from vlminterp.metrics.intervals import mean_interval
from vlminterp.metrics.words import named, word_average_precision, word_pointing
from vlminterp.planted.source import PlantedConfig, PlantedSource

HERE = Path(__file__).parent
MODELS = ("planted-base", "planted-visual", "planted-spurious")
BATCH = 10
TEN = partial(replace, copies=10, antithetic=False)
TWO = partial(replace, copies=2, antithetic=True)
Scores = dict[str, list[float]]


def measure(encoder: DualEncoder, pairs: Sequence[Pair], settings: dict[Side, Settings]) -> Scores:
    """Returns each pair's scores by metric, and the CPU seconds of each."""
    found: Scores = {}
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        pixels = encoder.preprocess([pair.load_image() for pair in batch])
        tokens = encoder.tokenize([pair.text for pair in batch])
        for side, chosen in settings.items():
            before = time.process_time()
            explanation = M2IB(encoder, side, chosen).attribute(pixels, tokens)
            spent = (time.process_time() - before) / len(batch)
            found.setdefault(f"{side.value}: CPU seconds", []).extend([spent] * len(batch))
            for index, pair in enumerate(batch):
                if side is Side.image:
                    assert pair.load_mask is not None
                    mask = pair.load_mask()
                    footprint = explanation.footprint(index)
                    heat = place_on_image(explanation.map(index).numpy(), footprint, mask.shape)
                    scores = {name: of(heat, mask) for name, of in LOCALISATION.items()}
                else:
                    assert pair.named_words is not None
                    own = [score for _, score in explanation.word_scores(index)]
                    truth = named(tokens.words[index], pair.named_words)
                    scores = {
                        "word_pointing": word_pointing(own, truth),
                        "word_average_precision": word_average_precision(own, truth),
                    }
                for name, value in scores.items():
                    found.setdefault(name, []).append(float(value))
    return found


def lines(model: str, ten: Scores, two: Scores) -> list[str]:
    """Returns the rows of a table: both means, and the mean paired difference."""
    rows = []
    for name, values in ten.items():
        change = mean_interval(np.subtract(two[name], values))
        rows.append(
            f"| {model} | {name} | {np.mean(values):.3f} | {np.mean(two[name]):.3f} | "
            f"{change.mean:+.3f} [{change.low:+.3f}, {change.high:+.3f}] |"
        )
    return rows


def main() -> None:
    """Measures both settings on each model, and writes the table after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100)
    pairs = list(PlantedSource(PlantedConfig(pairs=parser.parse_args().pairs)).pairs())
    torch.set_num_threads(1)
    head = ["| model | metric | ten copies | two antithetic | difference |", "|-|-|-|-|-|"]
    rows: list[str] = []
    for model in MODELS:
        encoder = vlminterp.load(model, "cpu")
        ten, two = (
            measure(
                encoder,
                pairs,
                {side: changed(DEFAULTS[side.value]) for side in Side},
            )
            for changed in (TEN, TWO)
        )
        rows += lines(model, ten, two)
        (HERE / "copies.md").write_text("\n".join([*head, *rows]) + "\n")
        print(model, flush=True)


if __name__ == "__main__":
    main()
