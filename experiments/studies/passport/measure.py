"""Explains scenes of the planted world, and keeps each map's features beside the truth.

    python -m experiments.studies.passport.measure --scenes 40

Ten scenes of one VLM and condition are a file in `OUTPUT`; those that are there are not computed
again. `experiments.studies.passport.fit` fits the passport to them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

import vlminterp
from experiments.studies.truth_table.conditions import CONDITIONS, WORLD
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.passport.features import Features
from vlminterp.attribution.targets import Similarity
from vlminterp.metrics.causal import causal_ranking
from vlminterp.planted.causes import find_causes

OUTPUT = Path("outputs/studies/passport")
MODELS = (
    "planted-base",
    "planted-shortcut",
    "planted-name",
    "planted-visual",
    "planted-spurious",
    "planted-half",
    "planted-faint",
    "planted-partly",
)
METHODS = ("m2ib", "ig", "gae")
BATCH = 10
FIRST = 10
"""The scenes before this one were a first trial, with other features."""


def main() -> None:
    """Measures what is missing, ten scenes of every VLM and condition after ten others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--models", nargs="+", default=MODELS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    encoders = {model: vlminterp.load(model, "cpu") for model in arguments.models}
    for first in range(FIRST, FIRST + arguments.scenes, BATCH):
        for model, encoder in encoders.items():
            for condition in CONDITIONS:
                file = OUTPUT / f"{model}.{condition.replace(' ', '-')}.{first:03d}.parquet"
                if not file.exists():
                    rows = pd.DataFrame(_rows(encoder, condition, first))
                    rows.assign(model=model, condition=condition).to_parquet(file)
                    print(file.stem, flush=True)


def _rows(encoder: DualEncoder, condition: str, first: int) -> Iterator[dict[str, object]]:
    """Yields a row for each scene and method."""
    questions = [CONDITIONS[condition](encoder, index) for index in range(first, first + BATCH)]
    pixels = encoder.preprocess([question.picture() for question in questions])
    tokens = encoder.tokenize([question.caption for question in questions])
    batches = Batches(encoder, Similarity(), 0)
    features = Features(encoder, pixels, tokens, 0)
    found = {
        name: make_method(name, Side.image, batches).attribute(pixels, tokens) for name in METHODS
    }
    for index, question in enumerate(questions):
        (causes,) = find_causes(
            encoder, WORLD, question.scene, [question.caption], question.objects
        )
        for name, explanation in found.items():
            yield {
                "scene": question.scene,
                "caption": question.caption,
                "method": name,
                "nothing": causes.nothing,
                "ranking": causal_ranking(explanation.on_image(index), causes.relevance()),
                "similarity": causes.score,
                **features.of(index, explanation.map(index)),
            }


if __name__ == "__main__":
    main()
