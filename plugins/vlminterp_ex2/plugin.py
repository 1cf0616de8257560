"""`+plugin=ex2`."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vlminterp.errors import ConfigError
from vlminterp.plugin import Context, Exporter, Plugin
from vlminterp_ex2.inspection.judge_settings import JudgeConfig, further_judge
from vlminterp_ex2.settings import Algorithm, PolicyConfig, Reward

if TYPE_CHECKING:
    from vlminterp.report.content import Content
    from vlminterp.results.run_folder import RunFolder


class Stage(Enum):
    """Which part of EX2 is run; each goes on where an earlier process was ended."""

    all = "all"
    align = "align"
    """Trains the language model."""
    describe = "describe"
    """Lets it speak, and the model that it was."""
    inspect = "inspect"
    """Inspects what they have said."""


@dataclass
class Config:
    """Options of EX2.

    Attributes:
        stage: Which part is run.
        policy: The language model; a group, `plugin/policy=NAME`.
        templates: A file of prompt templates, one a line, with `{concept}` for the name and its
            article or `{}` for the name; or a JSON list of them. Null for our own 25.
        reward: What a text's fit to its concept is measured by.
        scale: τ, by which cosines are multiplied, > 0; the paper's is 100.
        images: Of each concept, at most so many count, in their order, ≥ 1; likewise of those held
            out.
        algorithm: How the policy is trained.
        beta: Weight of the KL to the reference, in units of reward per nat, > 0.
        adaptive_kl: KL that beta is adapted to while training, in nats per response, > 0; null
            holds beta.
        steps: Times that responses are drawn and learnt from, ≥ 1.
        completions: Responses a step, a multiple of `generations` and of `mini_batches`.
        epochs: Times that a step learns from each of its responses, ≥ 1.
        mini_batches: Parts of a step's responses, each of which gives one optimiser step, ≥ 1. A
            step makes `epochs` times as many of these.
        generations: Responses to each prompt of a step, which are each other's baseline, ≥ 2.
        max_kl: Training ends when the KL is above, in nats per response, > 0.
        patience: Steps in a row for which it must be; likewise with other ways to go wrong, ≥ 1.
        save_every: Steps between checkpoints, ≥ 1.
        shown: Responses of each step that are kept, ≥ 0.
        raw: Score responses as they are, the paper's way: by default white space around them and
            an unfinished last sentence do not count.
        target_kl: The aligned model describes from the checkpoint whose KL is nearest to this, in
            nats per response, > 0, so that VLMs are compared at one distance; all checkpoints are
            then kept. Null for the last.
        samples: Descriptions for each template and concept, of each model, ≥ 1.
        pool: Of the reference model, responses for each template and concept that best-of-n and
            the tilt choose from, ≥ `samples`; 0 for as many as training and describing draw.
        judge: A language model that is also asked what descriptions say; a group,
            `plugin/judge=NAME`.
        judges: Further judges by name, asked about the same descriptions:
            `'+plugin.judges.second={backend: local, model: NAME}'`.
        labels: A file of people's labels of this run's descriptions, as `python -m
            vlminterp.export RUN --format labels` writes it, filled in.
        zero_shot: Whether held-out pictures are classified by what was written, beside the name
            alone, 80 templates and random words.
        neighbours: Whether words near the lexicon's seeds count too, by a sentence encoder. More
            words are known so, and more are mistaken: on free English, seeds alone do better.
        margin: The smallest gain from a family's words that would matter, in cosine, > 0.
    """

    free_text: ClassVar = ("templates",)

    stage: Stage = Stage.all
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    templates: str | None = None
    reward: Reward = Reward.own
    scale: float = 100.0
    images: int = 256
    algorithm: Algorithm = Algorithm.rloo
    beta: float = 0.2
    adaptive_kl: float | None = None
    steps: int = 60
    completions: int = 64
    generations: int = 8
    epochs: int = 1
    mini_batches: int = 1
    max_kl: float = 100.0
    patience: int = 5
    save_every: int = 10
    shown: int = 8
    raw: bool = False
    target_kl: float | None = None
    samples: int = 1
    pool: int = 0
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    judges: dict[str, Any] = field(default_factory=dict)
    labels: str | None = None
    zero_shot: bool = True
    neighbours: bool = False
    margin: float = 0.02

    def __post_init__(self) -> None:
        """Checks ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        for name in ("scale", "beta", "max_kl", "margin"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name}={value} must be above 0")
        self._check_aims()
        ones = ("images", "steps", "patience", "save_every", "samples", "epochs", "mini_batches")
        for name, low in {**dict.fromkeys(ones, 1), "shown": 0, "pool": 0}.items():
            if getattr(self, name) < low:
                raise ConfigError(f"{name}={getattr(self, name)} must be at least {low}")
        if self.generations < 2:
            raise ConfigError(
                f"generations={self.generations} must be at least 2: responses to one prompt are "
                "each other's baseline"
            )
        if self.completions < 1 or self.completions % self.generations:
            raise ConfigError(
                f"completions={self.completions} must be a multiple of "
                f"generations={self.generations}"
            )
        if self.completions % self.mini_batches:
            raise ConfigError(
                f"completions={self.completions} must be a multiple of "
                f"mini_batches={self.mini_batches}"
            )
        self.judges = {name: further_judge(name, one) for name, one in self.judges.items()}
        if 0 < self.pool < self.samples:
            raise ConfigError(f"pool={self.pool} must be at least samples={self.samples}, or 0")

    def _check_aims(self) -> None:
        for name in ("adaptive_kl", "target_kl"):
            aim = getattr(self, name)
            if aim is not None and not aim > 0:
                raise ConfigError(f"{name}={aim} must be above 0, or null")

    @property
    def micro_batch(self) -> int:
        """Responses that go through the policy at once: divides a mini-batch into equal parts."""
        together = self.completions // self.mini_batches
        sizes = range(1, min(self.policy.micro_batch, together) + 1)
        return max(size for size in sizes if together % size == 0)

    @property
    def updates(self) -> int:
        """Optimiser steps made from the responses of a step."""
        return self.epochs * self.mini_batches


class EX2Plugin(Plugin):
    """Aligns a language model with a VLM, lets it speak, inspects what it says."""

    Config = Config
    groups: ClassVar = {"policy": "describer", "judge": None, "preset": None}
    not_identity: ClassVar = ("stage",)

    def files(self, config: Any) -> Iterable[Path]:
        """The policy's files, if they are here, templates, the judges' prompts, people's labels."""
        from vlminterp_ex2.depends import rater_files, spoken_files

        return [*spoken_files(config), *rater_files(config)]

    def run(self, context: Context) -> None:
        """Runs the stages that are asked for and not yet done."""
        from vlminterp_ex2.requirements import check_requirements

        check_requirements()
        from vlminterp_ex2.stages import run

        run(context)

    def exports(self) -> Mapping[str, Exporter]:
        """Rows for people to label, and the descriptions as DCLIP users read them."""
        from vlminterp_ex2.descriptors import descriptors
        from vlminterp_ex2.inspection.people import blinded

        return {"labels": blinded, "descriptions": descriptors}

    def report(self, folder: "RunFolder") -> "Content":
        """The answer first, then what it rests on."""
        from vlminterp_ex2.page import content

        return content(folder)
