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
from vlminterp_m2ib.attribution import M2IB

import vlminterp
from experiments.studies.truth_table.answers import knows
from experiments.studies.truth_table.conditions import CONDITIONS, WORLD, Question
from experiments.studies.truth_table.truthless import Tried, tried
from vlminterp.adapters.dual_encoder import DualEncoder, Geometry
from vlminterp.attribution.explanation import Attributor, Side
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
MODELS = ("planted-base", "planted-shortcut", "planted-half", "planted-faint")
JUDGED = ("one object", "two objects", "answer")
"""Conditions in which metrics that need no truth are judged."""
NOTHING = ("absent", "nonsense")
"""Conditions in which the right map says that nothing is there; slow methods are not asked."""
SLOW = ("banzhaf", "exclip", "fixlip", "kernelshap", "rise")
"""Methods that take several times as long as M2IB; they are asked of the first scenes alone."""
SLOW_SCENES = 50
BASELINES = ("random", "centre", "constant", "shuffled", "blurred-edges")
OTHERS = "m2ib-others"
"""M2IB with the first pictures of the questions in the place of noise, as `plugin.others=16`."""
OTHER_PICTURES = 16
BATCH = 10

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Asked:
    """The questions of one VLM and condition, with what their scores hang on.

    Attributes:
        model: Name of the VLM.
        condition: Name of the condition.
        encoder: The VLM.
        questions: The questions.
        causes: The causes of each one's score.
        known: Whether the VLM knows the named object, for each; None where no object is named.
        tried: Scorers of maps that need no truth, for the first questions.
    """

    model: str
    condition: str
    encoder: DualEncoder
    questions: list[Question]
    causes: list[Causes]
    known: list[bool | None]
    tried: list[Tried]

    def file(self, method: str) -> Path:
        """Returns the path of a method's results."""
        return OUTPUT / self.model / self.condition.replace(" ", "-") / f"{method}.parquet"


def main() -> None:
    """Measures what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--judged", type=int, default=30, help="scenes of metrics without truth")
    parser.add_argument("--methods", nargs="+", default=[*BASELINES, *_methods()])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--conditions", nargs="+", default=list(CONDITIONS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    encoders = {model: vlminterp.load(model, "cpu") for model in arguments.models}
    asked = [
        _asked(model, encoder, condition, arguments.scenes, arguments.judged)
        for condition in arguments.conditions
        for model, encoder in encoders.items()
    ]
    # Methods outermost: a table of those that are done is complete at any time.
    for method in arguments.methods:
        for one in asked:
            if method not in SLOW or one.condition not in NOTHING:
                _measure(one, method)


def _methods() -> list[str]:
    """Returns the names of all methods that explain pictures, slow ones last."""
    names = [name for name in method_names() if Side.image in load_method(name).sides]
    return sorted([*names, OTHERS], key=lambda name: name in SLOW)


def _asked(model: str, encoder: DualEncoder, condition: str, scenes: int, judged: int) -> Asked:
    questions = [CONDITIONS[condition](encoder, index) for index in range(scenes)]
    causes = [
        find_causes(encoder, WORLD, one.scene, [one.caption], one.objects)[0] for one in questions
    ]
    known = [_knows(encoder, question) for question in questions]
    trials = tried(encoder, questions[:judged]) if judged and condition in JUDGED else []
    return Asked(model, condition, encoder, questions, causes, known, trials)


def _knows(encoder: DualEncoder, question: Question) -> bool | None:
    if question.concept is None:
        return None
    present = [concept.name for concept in WORLD.concepts(question.scene, question.objects)]
    return knows(encoder, question.picture(), question.concept, present)


def _measure(asked: Asked, method: str) -> None:
    """Measures one method, unless its file is there and has as many scenes."""
    questions = asked.questions[: SLOW_SCENES if method in SLOW else None]
    file = asked.file(method)
    if file.exists() and len(pd.read_parquet(file)) >= len(questions):
        return
    before = time.process_time()
    maps = list(_maps(asked.encoder, method, questions))
    seconds = (time.process_time() - before) / len(maps)
    rows = [
        _row(question, causes, heat, seconds) | {"known": known}
        for question, causes, known, heat in zip(
            questions, asked.causes, asked.known, maps, strict=False
        )
    ]
    for row, score, heat in zip(rows, asked.tried, maps, strict=False):
        row |= score(heat)
    file.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(file)
    print(f"{asked.model} · {asked.condition} · {method}: {seconds:.3f} s a map", flush=True)


def _maps(encoder: DualEncoder, method: str, questions: Sequence[Question]) -> Iterator[Map]:
    """Yields each question's scores of patches, float32 `[rows, columns]`."""
    explainer = _explainer(encoder, method, questions)
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


def _explainer(
    encoder: DualEncoder, method: str, questions: Sequence[Question]
) -> Attributor | None:
    """Returns what explains; None for a baseline that only looks at the picture."""
    if method == OTHERS:
        others = [question.picture() for question in questions[:OTHER_PICTURES]]
        return M2IB(encoder, others=encoder.preprocess(others))
    if method in BASELINES and method != "shuffled":
        return None
    name = "ig" if method == "shuffled" else method
    return make_method(name, Side.image, Batches(encoder, Similarity(), 0))


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
