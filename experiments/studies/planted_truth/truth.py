"""Measures the truth about one planted VLM: gains, answers, and what the oracle finds."""

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from experiments.studies.planted_truth.material import Material
from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.class_means import class_means
from vlminterp.description.embed import encode_images
from vlminterp.description.gains import Gains
from vlminterp.metrics.intervals import mean_interval
from vlminterp.metrics.significance import paired_p
from vlminterp.planted.answers import answers
from vlminterp.planted.oracle import OracleResult, oracle
from vlminterp.planted.scenes import Scene
from vlminterp.planted.swaps import Swaps
from vlminterp.progress import Progress

DECIMALS = 5

Triple = list[float]
"""A mean and the two ends of its 95 % interval, clustered by concept."""


class Lead(TypedDict):
    """The family with the largest gain, and how clearly it leads.

    Attributes:
        family: The family with the largest gain.
        runner_up: The family with the second largest gain.
        p: The p-value of their difference, paired by concept.
        ratio: The leader's gain over the others' largest absolute gain.
    """

    family: str
    runner_up: str
    p: float
    ratio: float


class Oracle(TypedDict):
    """The results of scoring all descriptions.

    Attributes:
        texts: Number of texts scored.
        texts_per_second: Speed on the machine that measured.
        best: The description that fits best, by concept.
        best_tells_of: Share of concepts whose best description tells of a family, by family;
            families of no best description are left out, and "" stands for a name alone.
    """

    texts: int
    texts_per_second: float
    best: dict[str, str]
    best_tells_of: dict[str, float]


class Row(TypedDict):
    """The truth about one VLM.

    Attributes:
        gains: Gains by score, kind of gain and family, in cosine.
        leads: Leads by score and kind of gain.
        answers: Shares of scenes, see `answered`.
        oracle: Results of the oracle, see `Oracle`.
    """

    gains: dict[str, dict[str, dict[str, Triple]]]
    leads: dict[str, dict[str, Lead]]
    answers: dict[str, Triple]
    oracle: Oracle


def measure(
    encoder: DualEncoder, family: str | None, material: Material, progress: Progress, title: str
) -> Row:
    """Measures one VLM.

    Args:
        encoder: The VLM.
        family: Family whose true words follow the name in full captions; None for the name alone.
        material: Scenes and texts to measure on.
        progress: Progress display.
        title: Name to show in the progress display.
    """
    scenes = sum(len(concept.held_out) for concept in material.concepts) + 3 * len(material.swaps)
    with progress.track(f"{title}: scenes", scenes, unit="scenes") as stage:
        classes = class_means(encoder, material.concepts, held_out=True, on_advance=stage.advance)
        shares = answered(encoder, family, material.swaps, stage.advance)
    with progress.track(f"{title}: texts", material.texts, unit="texts") as stage:
        found = oracle(
            encoder,
            held_out=True,
            openings=material.openings,
            classes=classes,
            others=material.others,
            on_advance=lambda texts, _: stage.advance(texts),
        )
    gains = {
        score: {"presence": one.presence, "content": one.content}
        for score, one in found.measured.items()
    }
    return {
        "gains": {
            score: {kind: _intervals(one) for kind, one in kinds.items()}
            for score, kinds in gains.items()
        },
        "leads": {
            score: {kind: lead(one) for kind, one in kinds.items()}
            for score, kinds in gains.items()
        },
        "answers": shares,
        "oracle": _oracle(found),
    }


def lead(gains: Gains) -> Lead:
    """Compares the leading family with the others, of which there must be at least one."""
    family, runner_up, *rest = gains.ranking()
    means = {name: interval.mean for name, interval in gains.intervals().items()}
    largest = max(abs(means[name]) for name in (runner_up, *rest))
    return {
        "family": family,
        "runner_up": runner_up,
        "p": round(paired_p(gains.of(family), gains.of(runner_up)), DECIMALS),
        "ratio": round(means[family] / largest, 2),
    }


def answered(
    encoder: DualEncoder,
    family: str | None,
    asked: Sequence[Swaps],
    on_advance: Callable[[int], None] | None = None,
) -> dict[str, Triple]:
    """Measures what a VLM says is in scenes, and what changes its answers.

    Args:
        encoder: The VLM.
        family: Family whose true words follow the name in the captions to choose from.
        asked: Scenes with their swaps.
        on_advance: Called with the number of images embedded.

    Returns:
        Shares of scenes. `right`: the object is named. `background changes`, `object changes`: the
        answer changes with that part of the scene. `at home`, `background at home`, `object at
        home`: the answer's habitat is the background shown, without and with these changes.
    """

    def ask(scenes: list[Scene]) -> list[tuple[str, str]]:
        pictures = [Image.fromarray(scene.image) for scene in scenes]
        images = encode_images(encoder, pictures, on_advance=on_advance)
        return [(concept.name, concept.habitat) for concept in answers(encoder, images, family)]

    shown = {
        "": [one.scene for one in asked],
        "background ": [one.background for one in asked],
        "object ": [one.object for one in asked],
    }
    said = {change: ask(scenes) for change, scenes in shown.items()}
    names = [scene.objects[0].concept.name for scene in shown[""]]
    shares = {"right": [answer == name for (answer, _), name in zip(said[""], names, strict=True)]}
    for change, scenes in shown.items():
        if change:
            both = zip(said[change], said[""], strict=True)
            shares[f"{change}changes"] = [one[0] != other[0] for one, other in both]
        homes = zip(said[change], scenes, strict=True)
        shares[f"{change}at home"] = [home == scene.habitat for (_, home), scene in homes]
    return {share: _triple(values, names) for share, values in shares.items()}


def _intervals(gains: Gains) -> dict[str, Triple]:
    """Returns triples of the families that have a gain; each concept counts once."""
    return {family: _triple(gains.of(family)) for family in gains.intervals()}


def _triple(values: ArrayLike, concepts: Sequence[str] | None = None) -> Triple:
    found = mean_interval(values, clusters=concepts)
    return [round(float(value), DECIMALS) for value in (found.mean, found.low, found.high)]


def _oracle(found: OracleResult) -> Oracle:
    best = {name: found.best(name, 1)[0] for name in found.classes.names}
    families, counts = np.unique([one.family for one in best.values()], return_counts=True)
    return {
        "texts": found.texts,
        "texts_per_second": round(found.texts_per_second),
        "best": {name: one.text for name, one in best.items()},
        "best_tells_of": {
            str(family): round(count / len(best), DECIMALS)
            for family, count in zip(families, counts, strict=True)
        },
    }
