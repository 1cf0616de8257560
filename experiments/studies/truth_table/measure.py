"""Measures every method against what each VLM's score truly hangs on.

    python -m experiments.studies.truth_table.measure --scenes 200

Each method explains each question of each VLM; a method that is in the results already is not run
again. Results are a parquet file for each VLM, condition and method in `OUTPUT`;
`experiments.studies.truth_table.tables` makes the tables and the figure from them.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import load_method, make_method, method_names

import vlminterp
from experiments.studies.truth_table.conditions import CONDITIONS, WORLD, Question
from experiments.studies.truth_table.truthless import Tried, tried
from vlminterp.adapters.dual_encoder import DualEncoder, Geometry
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.targets import Similarity
from vlminterp.metrics.baselines import (
    blurred_edges,
    centre_gaussian,
    constant_map,
    random_map,
    shuffled,
)
from vlminterp.metrics.causal import (
    causal_pointing,
    causal_precision,
    causal_ranking,
    causal_share,
)
from vlminterp.planted.causes import Causes, find_causes
from vlminterp.planted.scenes import SIZE

OUTPUT = Path("outputs/studies/truth_table")
MODELS = ("planted-base", "planted-name", "planted-shortcut")
SLOW = ("banzhaf", "fixlip", "kernelshap", "rise", "scorecam", "smoothgrad")
"""Methods that take several times as long as M2IB; they are asked of the first scenes alone."""
SLOW_SCENES = 50
BASELINES = ("random", "centre", "constant", "shuffled", "blurred-edges")
BATCH = 10

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """The questions of one VLM and condition, with what their scores hang on."""

    questions: list[Question]
    causes: list[Causes]
    tried: list[Tried]


def main() -> None:
    """Measures what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--methods", nargs="+", default=_methods())
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for model in arguments.models:
        encoder = vlminterp.load(model, "cpu")
        for condition in arguments.conditions:
            asked = _asked(encoder, condition, arguments.scenes)
            for method in (*arguments.methods, *BASELINES):
                _measure(encoder, model, condition, method, asked)


def _methods() -> list[str]:
    """Returns the names of all methods that explain pictures, slow ones last."""
    names = [name for name in method_names() if Side.image in load_method(name).sides]
    return sorted(names, key=lambda name: name in SLOW)


def _asked(encoder: DualEncoder, condition: str, scenes: int) -> Asked:
    questions = [CONDITIONS[condition](index) for index in range(scenes)]
    causes = [
        find_causes(encoder, WORLD, one.scene, [one.caption], one.objects)[0] for one in questions
    ]
    return Asked(questions, causes, tried(encoder, questions))


def _measure(encoder: DualEncoder, model: str, condition: str, method: str, asked: Asked) -> None:
    """Measures one method, unless its file is there and has as many scenes."""
    scenes = SLOW_SCENES if method in SLOW else len(asked.questions)
    file = OUTPUT / model / condition.replace(" ", "-") / f"{method}.parquet"
    if file.exists() and len(pd.read_parquet(file)) >= min(scenes, len(asked.questions)):
        return
    questions = asked.questions[:scenes]
    before = time.process_time()
    maps = list(_maps(encoder, method, questions))
    seconds = (time.process_time() - before) / len(maps)
    rows = [
        _row(question, causes, heat, seconds) | score(heat)
        for question, causes, score, heat in zip(
            questions, asked.causes, asked.tried, maps, strict=False
        )
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(file)
    print(f"{model} · {condition} · {method}: {seconds:.3f} s a map", flush=True)


def _maps(encoder: DualEncoder, method: str, questions: Sequence[Question]) -> Iterator[Map]:
    """Yields each question's scores of patches, float32 `[rows, columns]`."""
    explainer = None
    if method not in BASELINES or method == "shuffled":
        name = "ig" if method == "shuffled" else method
        explainer = make_method(name, Side.image, Batches(encoder, Similarity(), 0))
    for start in range(0, len(questions), BATCH):
        some = questions[start : start + BATCH]
        if explainer is None:
            yield from (_baseline(method, encoder, question) for question in some)
            continue
        pixels = encoder.preprocess([question.picture() for question in some])
        tokens = encoder.tokenize([question.caption for question in some])
        found = explainer.attribute(pixels, tokens)
        for index, question in enumerate(some):
            heat = found.map(index).numpy()
            if method == "shuffled":
                heat = shuffled(heat, question.scene)
            yield heat


def _baseline(name: str, encoder: DualEncoder, question: Question) -> Map:
    pixels = encoder.preprocess([question.picture()])
    grid = encoder.vision.prefix(pixels, -1).grids[0]
    if name == "random":
        return random_map(*grid, question.scene)
    if name == "blurred-edges":
        return blurred_edges(pixels.of(0).numpy(), *grid)
    return constant_map(*grid) if name == "constant" else centre_gaussian(*grid)


def _row(question: Question, causes: Causes, scores: Map, seconds: float) -> dict[str, object]:
    heat = place_on_image(scores, Geometry((SIZE, SIZE), (0, 0, SIZE, SIZE)))
    relevance = causes.relevance()
    half_a_patch = SIZE / scores.shape[0] / 2
    return {
        "scene": question.scene,
        "caption": question.caption,
        "similarity": causes.score,
        "nothing": causes.nothing,
        **{f"share.{i}": share for i, share in enumerate(causes.shares.values())},
        "ranking": causal_ranking(heat, relevance),
        "causal_share": causal_share(heat, relevance),
        "causal_precision": causal_precision(heat, relevance),
        "pointing": causal_pointing(heat, relevance),
        "pointing_near": causal_pointing(heat, relevance, half_a_patch),
        "highest": float(scores.max()),
        "total": float(scores.clip(0).sum()),
        "seconds": seconds,
    }


if __name__ == "__main__":
    main()
