"""What can be chosen: the reward, and the policy, which is the language model that is aligned."""

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from vlminterp.adapters.registry import Precision
from vlminterp.errors import ConfigError


class Reward(Enum):
    """What a text's fit to its concept is measured by."""

    own = "own"
    """Mean cosine to the concept's own images: the paper's."""
    contrastive = "contrastive"
    """The same, less its mean over the other concepts: texts that fit every image get nothing."""


class Algorithm(Enum):
    """How the policy is trained; both by TRL."""

    rloo = "rloo"
    """REINFORCE with a leave-one-out baseline: reward − β·KL of the whole sequence, the paper's
    objective."""
    grpo = "grpo"
    """Rewards divided by their group's deviation, β·KL per token in the loss: β means less here."""


class Chat(Enum):
    """How a prompt is put to the model."""

    auto = "auto"
    """By its chat template; plain where it has none."""
    template = "template"
    """By its chat template, which it must have."""
    plain = "plain"
    """The prompt and two newlines, as the paper does with a base model."""


class Quantisation(Enum):
    """How the frozen weights are stored."""

    none = "none"
    """As `dtype` says."""
    int8 = "int8"
    """8 bit (bitsandbytes), the paper's; needs a CUDA GPU."""
    int4 = "int4"
    """4 bit (bitsandbytes NF4); needs a CUDA GPU."""


class Schedule(Enum):
    """What becomes of the learning rate."""

    constant = "constant"
    """It stays: the paper's."""
    linear = "linear"
    """It falls to 0 with the last step: short trainings end where they should."""


@dataclass
class Lora:
    """Low-rank adapters; everything else is frozen, and without them the model is the reference.

    Attributes:
        rank: Of each update, ≥ 1.
        alpha: Updates are scaled by alpha / rank, > 0.
        dropout: Of what goes into an adapter, 0 ≤ p < 1. Above 0, the policy that samples is not
            quite the one that describes.
        targets: Names of the layers that get one; `[all-linear]` for all but the last.
    """

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    targets: list[str] = field(default_factory=lambda: ["q_proj", "v_proj"])

    def __post_init__(self) -> None:
        """Checks ranges.

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
        install: What to run where the checkpoint's package is missing.
        chat: How a prompt is put to it.
        system: A system message before each prompt; null for none.
        chat_template_kwargs: Variables of its chat template. Thinking is off, since it would be
            scored as a description; templates that know no thinking do not mind.
        trust_remote_code: Whether Python code that comes with the checkpoint may be run. It can do
            anything that you can do.
        lora: Its adapters; null trains every weight, and keeps a second model as the reference.
        dtype: Of the weights; adapters are float32.
        quantisation: Of the frozen weights.
        learning_rate: AdamW's, at the first step, > 0.
        schedule: What becomes of it.
        max_tokens: The longest response, in tokens, ≥ 2.
        micro_batch: Sequences that go through the model at once in training, and an eighth of
            those in sampling, ≥ 1. Rounding and draws aside, it changes no result but dropout's.
        activation_checkpointing: Whether activations are computed again instead of kept.
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
        """Checks ranges, and what excludes what.

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
