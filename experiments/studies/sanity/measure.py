"""Does a map change with the model, with the caption, with the seed? Asked of every method.

    python -m experiments.studies.sanity.measure

A map that stays when the weights are shuffled explains the picture, not the model (Adebayo et al.,
NeurIPS 2018). Writes `table.md` after each method.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import load_method, make_method, method_names

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder, Tokens
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.sanity import agreement, seed_agreement, weight_cascade
from vlminterp.attribution.targets import Similarity
from vlminterp.metrics.intervals import mean_interval
from vlminterp.planted.source import PlantedConfig, PlantedSource

HERE = Path(__file__).parent
MODEL = "planted-base"
SEEDS = (0, 1, 2)
SHUFFLED = (1, 3, 6)
"""Blocks from the top whose weights are shuffled; the tower has six."""
COLUMNS = ("method", "other caption", "other seed", *(f"{n} blocks shuffled" for n in SHUFFLED))
HEAD = [f"| {' | '.join(COLUMNS)} |", "|" + "-|" * len(COLUMNS)]


def row(
    encoder: DualEncoder, method: str, pictures: Sequence[Image.Image], captions: Sequence[str]
) -> str:
    """Returns a method's line: the rank correlation of its maps with those after each change."""
    pixels = encoder.preprocess(pictures)
    tokens, others = (
        encoder.tokenize(list(said)) for said in (captions, [*captions[1:], captions[0]])
    )

    def explain(seed: int = 0, given: Tokens = tokens) -> Explanation:
        batches = Batches(encoder, Similarity(), seed)
        return make_method(method, Side.image, batches).attribute(pixels, given)

    own = explain()
    found = {
        "caption": agreement(own, explain(given=others)),
        "seed": seed_agreement([own, *(explain(seed) for seed in SEEDS[1:])]),
    }
    cascade = weight_cascade(encoder.vision, explain)
    found |= {str(count): cascade[count] for count in SHUFFLED}
    return f"| {method} | " + " | ".join(_cell(values) for values in found.values()) + " |"


def _cell(values: NDArray[np.float64]) -> str:
    seen = values[np.isfinite(values)]
    if not len(seen):
        return "–"
    if np.allclose(seen, seen[0]):
        return f"{seen[0]:.2f}"
    told = mean_interval(seen, bounds=(-1, 1))
    return f"{told.mean:.2f} [{told.low:.2f}, {told.high:.2f}]"


def main() -> None:
    """Measures every method that explains pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--methods", nargs="+", default=method_names())
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pairs = list(PlantedSource(PlantedConfig(pairs=arguments.pairs)).pairs())
    pictures, captions = [pair.load_image() for pair in pairs], [pair.text for pair in pairs]
    encoder = vlminterp.load(MODEL, "cpu")
    lines = []
    for method in arguments.methods:
        if Side.image in load_method(method).sides:
            lines.append(row(encoder, method, pictures, captions))
            (HERE / "table.md").write_text("\n".join([*HEAD, *lines]) + "\n")
            print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
