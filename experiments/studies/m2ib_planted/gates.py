"""Compares a gate for each channel of a token, as in the paper, with one for the whole token.

    python -m experiments.studies.m2ib_planted.gates

On *validation* scenes, since the default is chosen here: with two objects of which the caption
names one, and, on the VLM that answers by the background, with captions of what it answers. Writes
`gates.md`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import DEFAULTS, Gating, Settings

import vlminterp
from experiments.studies.m2ib_planted.copies import BATCH, MODELS, Scores, lines, measure
from experiments.studies.truth_table.answers import answers
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.metrics.causal import causal_pointing, causal_precision, causal_ranking, causal_share
from vlminterp.planted.causes import Causes, find_causes
from vlminterp.planted.scenes import SIZE, World
from vlminterp.planted.source import PlantedConfig, PlantedSource

HERE = Path(__file__).parent
SHORTCUT = "planted-shortcut"
WORLD = World(0, "validation")
CHANNEL = partial(replace, gates=Gating.channel)
TOKEN = partial(replace, gates=Gating.token)
Answer = tuple[Image.Image, str, Causes]


def answered(encoder: DualEncoder, scenes: int) -> list[Answer]:
    """Returns scenes of one object with a cause, captions of the VLM's answers, and the causes."""
    pictures = [Image.fromarray(WORLD.scene(index).image) for index in range(scenes)]
    captions = answers(encoder, pictures)
    causes = [
        find_causes(encoder, WORLD, index, [caption])[0] for index, caption in enumerate(captions)
    ]
    found = zip(pictures, captions, causes, strict=True)
    return [one for one in found if not one[2].nothing]


def causal(encoder: DualEncoder, asked: Sequence[Answer], settings: Settings) -> Scores:
    """Returns how each map agrees with what the score hangs on, by metric."""
    found: Scores = {}
    for start in range(0, len(asked), BATCH):
        some = asked[start : start + BATCH]
        pixels = encoder.preprocess([picture for picture, _, _ in some])
        tokens = encoder.tokenize([caption for _, caption, _ in some])
        explanation = M2IB(encoder, Side.image, settings).attribute(pixels, tokens)
        for index, (_, _, causes) in enumerate(some):
            heat = place_on_image(explanation.map(index).numpy(), explanation.footprint(index))
            half_a_patch = SIZE / explanation.grids[index][0] / 2
            relevance = causes.relevance()
            for name, value in {
                "causal ranking": causal_ranking(heat, relevance),
                "causal precision": causal_precision(heat, relevance),
                "causal share of heat": causal_share(heat, relevance),
                "causal pointing, half a patch": causal_pointing(heat, relevance, half_a_patch),
            }.items():
                found.setdefault(name, []).append(value)
    return found


def main() -> None:
    """Measures both on each model, and writes the table after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=96)
    count = parser.parse_args().pairs
    pairs = list(PlantedSource(PlantedConfig(pairs=count, split="validation")).pairs())
    torch.set_num_threads(1)
    rows = ["| model | metric | gates of channels | of tokens | difference |", "|-|-|-|-|-|"]
    for model in MODELS:
        encoder = vlminterp.load(model, "cpu")
        both = [
            measure(encoder, pairs, {side: gated(DEFAULTS[side.value]) for side in Side})
            for gated in (CHANNEL, TOKEN)
        ]
        rows += lines(model, *both)
        (HERE / "gates.md").write_text("\n".join(rows) + "\n")
        print(model, flush=True)
    encoder = vlminterp.load(SHORTCUT, "cpu")
    asked = answered(encoder, count)
    image = DEFAULTS[Side.image.value]
    maps = [causal(encoder, asked, gated(image)) for gated in (CHANNEL, TOKEN)]
    rows += lines(f"{SHORTCUT} ({len(asked)} answers)", *maps)
    (HERE / "gates.md").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
