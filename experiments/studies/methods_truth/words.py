"""Measures whether the word of each object looks at its own object, on scenes of the planted world.

    python -m experiments.studies.methods_truth.words --scenes 60

Scenes hold two objects, and the caption names both. `words.SPLIT.json` has the scores of each word,
`words.SPLIT.md` the table. Methods of first order have one map for a caption: it is scored for both
words, or each object gets a caption of its own.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

import vlminterp
from vlminterp.adapters.dual_encoder import DualEncoder, Word
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.targets import Similarity
from vlminterp.metrics.intervals import mean_interval
from vlminterp.metrics.localisation import average_precision, pointing_game
from vlminterp.planted.captions import Caption, Span, Thing, describe
from vlminterp.planted.scenes import Scene, World

HERE = Path(__file__).parent
BATCH = 10
MODELS = ("planted-base", "planted-visual")
VARIANTS = {
    "exclip": "each word",
    "fixlip": "each word",
    "ig, one map": "all words",
    "gae, one map": "all words",
    "ig, own caption": "own caption",
    "gae, own caption": "own caption",
}
"""What is scored, and which map each object's word gets."""
SCORES = ("own object", "other object", "AP")

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Named:
    """A scene, a caption that names both of its objects, and a caption for each alone.

    Attributes:
        scene: The scene.
        both: The caption that names the objects in the scene's order.
        alone: The captions that name one of them.
    """

    scene: Scene
    both: Caption
    alone: tuple[Caption, ...]


def named_scenes(split: str, count: int) -> list[Named]:
    """Returns scenes with captions in wordings that no model was trained on."""
    world, found = World(0, split), []
    for index in range(count):
        scene, rng = world.scene(index, 2), np.random.default_rng((0, index))
        things = [Thing(concept) for concept in scene.concepts]
        write = partial(describe, rng, held_out=True)
        found.append(Named(scene, write(things), tuple(write([thing]) for thing in things)))
    return found


def maps(encoder: DualEncoder, scenes: Sequence[Named], variant: str) -> Iterator[list[Map]]:
    """Yields a map for each object of each scene, at the scene's size."""
    method, kind = variant.split(",")[0], VARIANTS[variant]

    def explain(captions: Sequence[Caption]) -> Explanation:
        pixels = encoder.preprocess([Image.fromarray(one.scene.image) for one in scenes])
        tokens = encoder.tokenize([caption.text for caption in captions])
        batches = Batches(encoder, Similarity(), 0)
        return make_method(method, Side.image, batches).attribute(pixels, tokens)

    if kind == "own caption":
        explained = [explain([one.alone[number] for one in scenes]) for number in (0, 1)]
        for index in range(len(scenes)):
            yield [one.on_image(index) for one in explained]
        return
    found = explain([one.both for one in scenes])
    for index, one in enumerate(scenes):
        if kind == "all words":
            yield [found.on_image(index)] * 2
            continue
        footprint = found.footprint(index)
        yield [
            place_on_image(_of_object(found, index, spans), footprint)
            for spans in _spans(one.both, one.scene)
        ]


def _spans(caption: Caption, scene: Scene) -> list[list[Span]]:
    """Returns the spans of the words that name each object."""
    spans = iter(caption.object_spans)
    return [[next(spans) for _ in concept.name.split()] for concept in scene.concepts]


def _of_object(found: Explanation, index: int, spans: Sequence[Span]) -> Map:
    """Returns the sum over an object's words of what they contribute with each patch."""
    own = [_inside(word, spans) for word in found.words[index]]
    grid: Map = found.interactions[index][own].sum(0).numpy()
    return grid


def _inside(word: Word, spans: Sequence[Span]) -> bool:
    return any(start <= word.span[0] and word.span[1] <= stop for start, stop in spans)


def measure(encoder: DualEncoder, scenes: Sequence[Named], variant: str) -> dict[str, Any]:
    """Returns the scores of each object's word, and the mean CPU seconds per scene."""
    found: dict[str, list[float]] = {score: [] for score in SCORES}
    before = time.process_time()
    for start in range(0, len(scenes), BATCH):
        batch = scenes[start : start + BATCH]
        for one, drawn in zip(batch, maps(encoder, batch, variant), strict=True):
            masks = [placed.mask for placed in one.scene.objects]
            for heat, own, other in zip(drawn, masks, reversed(masks), strict=True):
                scores = (
                    pointing_game(heat, own),
                    pointing_game(heat, other),
                    average_precision(heat, own),
                )
                for name, score in zip(SCORES, scores, strict=True):
                    found[name].append(round(float(score), 4))
    return {**found, "seconds": round((time.process_time() - before) / len(scenes), 4)}


def table(results: dict[str, dict[str, Any]]) -> str:
    """Returns a Markdown table; intervals are over scenes, whose two words are averaged."""
    models = list(results)
    heads = [f"{model.removeprefix('planted-')}: {score}" for model in models for score in SCORES]
    lines = ["| map of a word | " + " | ".join([*heads, "CPU s a scene"]) + " |"]
    lines.append("|" + "-|" * (len(heads) + 2))
    for variant, own in results[models[0]].items():
        cells = []
        for model in models:
            for score in SCORES:
                words = np.reshape(results[model][variant][score], (-1, 2))
                interval = mean_interval(words.mean(1), bounds=(0, 1))
                cells.append(f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]")
        lines.append(f"| {variant} | " + " | ".join([*cells, f"{own['seconds']:.2f}"]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures every variant on every model, and writes results and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--split", default="test")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    scenes = named_scenes(arguments.split, arguments.scenes)
    encoders = {model: vlminterp.load(model, "cpu") for model in MODELS}
    results = {
        model: {variant: measure(encoder, scenes, variant) for variant in VARIANTS}
        for model, encoder in encoders.items()
    }
    file = HERE / f"words.{arguments.split}.json"
    file.write_text(json.dumps(results, separators=(",", ":")) + "\n")
    file.with_suffix(".md").write_text(table(results))


if __name__ == "__main__":
    main()
