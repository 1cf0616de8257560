"""The settings of an M2IB bottleneck."""

import math
from dataclasses import dataclass
from enum import Enum

from vlminterp.errors import ConfigError


class Scale(Enum):
    """The prior's mean and deviation, which the hidden state is measured against."""

    plain = "plain"
    """0 and 1, as in the paper. Channels and tokens of large norm dominate."""
    standardised = "standardised"
    """Those of each channel over the input's own tokens."""


class Gating(Enum):
    """The part of the hidden state that one gate opens and closes."""

    token = "token"
    """A whole token, so that a token is kept or lost as one."""
    channel = "channel"
    """One channel of one token, as in the paper."""


class PooledToken(Enum):
    """The treatment of the token that becomes the embedding (CLS, end of text)."""

    bottleneck = "bottleneck"
    """It is in the bottleneck like every other, as in the paper."""
    blocked = "blocked"
    """Nothing passes through it but noise."""
    whole = "whole"
    """It passes as it is."""


@dataclass
class Settings:
    """One side's bottleneck.

    Attributes:
        layer: Place of the bottleneck: the output of block `int`, a relative depth `float` in
            [0, 1], or "embeddings".
        beta: Weight of the information against the fit, ≥ 0.
        steps: Forward passes, ≥ 1.
        learning_rate: Adam's learning rate, > 0.
        copies: Noisy copies per step, ≥ 1.
        variance: σ² of noise and prior, > 0, in units of the hidden state's scale.
        scale: The prior's mean and deviation.
        pooled_token: The treatment of the token that becomes the embedding.
        antithetic: Whether every noise is used twice, once negated (an even number of copies).
        gates: The part of the hidden state that one gate opens and closes.
    """

    layer: int | float | str = 0
    beta: float = 1.0
    steps: int = 10
    learning_rate: float = 1.0
    copies: int = 2
    variance: float = 1.0
    scale: Scale = Scale.standardised
    pooled_token: PooledToken = PooledToken.bottleneck
    antithetic: bool = True
    gates: Gating = Gating.channel

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        for name in ("beta", "learning_rate", "variance"):
            if not math.isfinite(getattr(self, name)):
                raise ConfigError(f"{name}={getattr(self, name)} must be a finite number")
        for name, low in (("beta", 0.0), ("steps", 1), ("copies", 1)):
            if getattr(self, name) < low:
                raise ConfigError(f"{name}={getattr(self, name)} must be at least {low}")
        for name in ("learning_rate", "variance"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name}={getattr(self, name)} must be above 0")
        if self.antithetic and self.copies % 2:
            raise ConfigError(f"copies={self.copies} must be even; or set antithetic=false")


DEFAULTS = {"image": Settings(gates=Gating.token), "text": Settings(layer="embeddings")}
"""Settings chosen by planted truth for each side; see experiments/studies/m2ib_planted."""
