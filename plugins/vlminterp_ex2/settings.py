"""The options of EX2."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from vlminterp.adapters.settings import Precision
from vlminterp.description.fit import Fit
from vlminterp.errors import ConfigError
from vlminterp_ex2.inspection.judge_settings import JudgeConfig, further_judge


class Algorithm(Enum):
    """The algorithm that trains the policy; both are TRL's."""

    rloo = "rloo"
    """REINFORCE with a leave-one-out baseline: reward − β·KL of the whole sequence, the paper's
    objective."""
    grpo = "grpo"
    """Rewards divided by their group's deviation, β·KL per token in the loss, so β weighs less."""


class Chat(Enum):
    """The form in which a prompt is put to the model."""

    auto = "auto"
    """The model's chat template; plain where it has none."""
    template = "template"
    """The model's chat template, which it must have."""
    plain = "plain"
    """The prompt and two newlines, as the paper does with a base model."""


class Quantisation(Enum):
    """The storage of the frozen weights."""

    none = "none"
    """Not quantised: stored as `dtype`."""
    int8 = "int8"
    """8 bit (bitsandbytes), the paper's; needs a CUDA GPU."""
    int4 = "int4"
    """4 bit (bitsandbytes NF4); needs a CUDA GPU."""


class Schedule(Enum):
    """The course of the learning rate."""

    constant = "constant"
    """It stays the same, as in the paper."""
    linear = "linear"
    """It falls to 0 at the last step, which suits short trainings."""


@dataclass
class Lora:
    """Low-rank adapters; everything else is frozen, and without them the model is the reference.

    Attributes:
        rank: Rank of each update, ≥ 1.
        alpha: Updates are scaled by alpha / rank, > 0.
        dropout: Dropout on the input of an adapter, 0 ≤ p < 1. Above 0, the policy that samples is
            not quite the one that describes.
        targets: Names of the layers that get an adapter; `[all-linear]` for all but the last.
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: list[str] = field(default_factory=lambda: ["q_proj", "v_proj"])

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.rank < 1:
            raise ConfigError(f"lora.rank={self.rank} must be at least 1")
        if not (math.isfinite(self.alpha) and self.alpha > 0):
            raise ConfigError(f"lora.alpha={self.alpha} must be above 0")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"lora.dropout={self.dropout} must be at least 0 and below 1")
        if not self.targets:
            raise ConfigError("lora.targets is empty; name layers, or [all-linear]")


@dataclass
class PolicyConfig:
    """A language model, how it is asked and how it is trained; a group, `plugin/policy=NAME`.

    Attributes:
        checkpoint: A folder, a hub id, or `pkg://PACKAGE/PATH`.
        revision: Branch, tag or commit on the hub.
        gguf: The file in `checkpoint` that holds the weights, or a pattern such as `*.gguf`; None
            for safetensors.
        install: Command to run where the checkpoint's package is missing.
        chat: The form in which a prompt is put to it.
        system: A system message before each prompt; null for none.
        chat_template_kwargs: Variables of its chat template. Thinking is off, since it would be
            scored as a description; templates that know no thinking ignore it.
        trust_remote_code: Whether Python code that comes with the checkpoint may be run. It can do
            anything that you can do.
        lora: Its adapters; null trains every weight, and keeps a second model as the reference.
        dtype: Type of the weights; adapters are float32.
        quantisation: Storage of the frozen weights.
        learning_rate: AdamW's learning rate at the first step, > 0.
        schedule: The course of the learning rate.
        max_tokens: The longest response, in tokens, ≥ 2.
        micro_batch: Sequences that go through the model at once in training, and an eighth of
            those in sampling, ≥ 1. Except with dropout, it changes only rounding and draws.
        activation_checkpointing: Whether activations are recomputed instead of kept.
    """

    free_text: ClassVar = ("checkpoint", "gguf")

    checkpoint: str = "pkg://vlminterp/planted/models/describer"
    revision: str | None = None
    gguf: str | None = None
    install: str = ""
    chat: Chat = Chat.auto
    system: str | None = None
    chat_template_kwargs: dict[str, Any] = field(default_factory=lambda: {"enable_thinking": False})
    trust_remote_code: bool = False
    lora: Lora | None = field(default_factory=Lora)
    dtype: Precision = Precision.float32
    quantisation: Quantisation = Quantisation.none
    learning_rate: float = 1e-4
    schedule: Schedule = Schedule.constant
    max_tokens: int = 32
    micro_batch: int = 32
    activation_checkpointing: bool = False

    def __post_init__(self) -> None:
        """Checks ranges, and options that exclude each other.

        Raises:
            ConfigError: A value is out of range, or two do not go together.
        """
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ConfigError(f"policy.learning_rate={self.learning_rate} must be above 0")
        for name, low in (("max_tokens", 2), ("micro_batch", 1)):
            if getattr(self, name) < low:
                raise ConfigError(f"policy.{name}={getattr(self, name)} must be at least {low}")
        if self.dtype is Precision.float64:
            raise ConfigError("policy.dtype=float64 is not offered; use float32 or bfloat16")
        if self.lora is None:
            frozen = self.quantisation is not Quantisation.none or self.gguf is not None
            if frozen:
                raise ConfigError(
                    "policy.lora=null trains every weight, which a quantised or GGUF checkpoint "
                    "does not allow; leave policy.lora as it is"
                )


class Stage(Enum):
    """The part of EX2 to run; each resumes where an earlier process stopped."""

    all = "all"
    align = "align"
    """Trains the language model."""
    describe = "describe"
    """Samples descriptions from it, and from the model before training."""
    inspect = "inspect"
    """Inspects these descriptions."""


@dataclass
class EX2Config:
    """Options of EX2.

    Attributes:
        stage: The part to run.
        policy: The language model; a group, `plugin/policy=NAME`.
        templates: A file of prompt templates, one a line, with `{concept}` for the name and its
            article or `{}` for the name; or a JSON list of them. Null for our own 25.
        reward: Measure of a text's fit to its concept.
        scale: τ, by which cosines are multiplied, > 0; the paper's is 100.
        images: The most images of each concept that count, in their order, ≥ 1; likewise of those
            held out.
        algorithm: The algorithm that trains the policy.
        beta: Weight of the KL to the reference, in units of reward per nat, > 0.
        adaptive_kl: KL that beta is adapted to while training, in nats per response, > 0; null
            holds beta.
        steps: Times that responses are drawn and learnt from, ≥ 1.
        completions: Responses a step, a multiple of `generations` and of `mini_batches`.
        epochs: Times that a step learns from each of its responses, ≥ 1.
        mini_batches: Parts of a step's responses, each of which gives one optimiser step, ≥ 1. A
            step makes `epochs` times as many of these.
        generations: Responses to each prompt of a step, which are each other's baseline, ≥ 2.
        max_kl: KL above which training ends, in nats per response, > 0.
        patience: Steps in a row that a KL above `max_kl`, or another sign of failure, must last
            before training ends, ≥ 1.
        save_every: Steps between checkpoints, ≥ 1.
        shown: Responses kept from each step, ≥ 0.
        raw: Whether to score responses as they are, the paper's way; by default, white space around
            them and an unfinished last sentence do not count.
        target_kl: KL in nats per response, > 0: the aligned model describes from the checkpoint
            nearest to it, so that VLMs are compared at one distance; all checkpoints are then
            kept. Null for the last checkpoint.
        samples: Descriptions for each template and concept, of each model, ≥ 1.
        pool: Responses of the reference model for each template and concept that best-of-n and
            the tilt choose from, ≥ `samples`; 0 for as many as training and describing draw.
        judge: A language model that is also asked what descriptions say; a group,
            `plugin/judge=NAME`.
        judges: Further judges by name, asked about the same descriptions:
            `'+plugin.judges.second={backend: local, model: NAME}'`.
        labels: A file of people's labels of this run's descriptions, as `python -m
            vlminterp.export RUN --format labels` writes it, filled in.
        zero_shot: Whether held-out pictures are classified by what was written, beside the name
            alone, 80 templates and random words.
        families: Families that lexicon, judges and people sort descriptions into: `birds`, `pets`,
            `flowers` or `aircraft`, or a file of your own; null for our own, which fit anything.
        neighbours: Whether words near the lexicon's seeds count too, by a sentence encoder. It
            knows more words and mistakes more: on free English, seeds alone do better.
        margin: The smallest gain from a family's words that would matter, in cosine, > 0.
    """

    free_text: ClassVar = ("templates", "families")

    stage: Stage = Stage.all
    policy: PolicyConfig = field(default_factory=PolicyConfig)
    templates: str | None = None
    reward: Fit = Fit.own
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
    families: str | None = None
    neighbours: bool = False
    margin: float = 0.02

    def __post_init__(self) -> None:
        """Checks that every value is in range.

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
        """Responses that go through the policy at once, an equal part of a mini-batch."""
        together = self.completions // self.mini_batches
        sizes = range(1, min(self.policy.micro_batch, together) + 1)
        return max(size for size in sizes if together % size == 0)

    @property
    def updates(self) -> int:
        """Optimiser steps made from the responses of a step."""
        return self.epochs * self.mini_batches
