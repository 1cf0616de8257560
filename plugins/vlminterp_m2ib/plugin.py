"""The plugin M2IB, run by `+plugin=m2ib`."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from vlminterp.attribution.sides import Sides
from vlminterp.errors import ConfigError
from vlminterp.plugin import Context, Plugin
from vlminterp_m2ib.settings import DEFAULTS, Settings

if TYPE_CHECKING:
    from vlminterp.attribution.explanation import Attributor
    from vlminterp.report.content import Content
    from vlminterp.results.run_folder import RunFolder


MEANING = (
    "A score says, in nats, how much information a patch or a word must keep: at 0 it can drown in "
    "noise and the match stays."
)


def _default(side: str) -> Settings:
    return Settings(**vars(DEFAULTS[side]))


@dataclass
class M2IBConfig:
    """Options of M2IB.

    Attributes:
        sides: The inputs to explain.
        image: The bottleneck in the image tower.
        text: The bottleneck in the text tower.
        blur: Standard deviation, in patches, ≥ 0, of a blur of the maps that are drawn and scored;
            those that are stored are not blurred.
        passport: Whether each map says how far it can be trusted.
        others: Number of the data's first pictures, ≥ 2, whose patches stand in for the noise of
            the image side of pairs of other pictures; 0 for noise.
        batch_size: Pairs that are fitted together, ≥ 1; changes no result but rounding.
        thorough: Whether maps are also judged by insertion, deletion, ROAD and sensitivity-n, and
            words by deletion: about 100 forward passes more for each pair and method.
        keep: Number of the first pairs whose pictures are kept, ≥ 0; of more pairs, also those of a
            fifth as many that say most or are drawn at random. Rows and maps are kept of all.
    """

    sides: Sides = Sides.both
    image: Settings = field(default_factory=lambda: _default("image"))
    text: Settings = field(default_factory=lambda: _default("text"))
    blur: float = 0.0
    passport: bool = True
    others: int = 0
    batch_size: int = 16
    thorough: bool = False
    keep: int = 500

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.batch_size < 1:
            raise ConfigError(f"batch_size={self.batch_size} must be at least 1")
        if self.others < 0 or self.others == 1:
            raise ConfigError(f"others={self.others} must be 0, or at least 2")
        if self.keep < 0:
            raise ConfigError(f"keep={self.keep} must be a number of pairs, at least 0")
        if not 0 <= self.blur < math.inf:
            raise ConfigError(f"blur={self.blur} must be a number of patches, at least 0")


class M2IBPlugin(Plugin):
    """Multi-modal information bottleneck attribution."""

    Config = M2IBConfig
    shares = True
    sharded = True
    groups: ClassVar = {"preset": None}

    def run(self, context: Context[M2IBConfig]) -> None:
        """Explains every pair."""
        from vlminterp.attribution.passport.attributor import with_passports
        from vlminterp.attribution.runner import explain_pairs
        from vlminterp.drawing.figure import figure
        from vlminterp_m2ib.attribution import M2IB
        from vlminterp_m2ib.others import other_pictures

        config = context.config
        sides = ("image", "text") if config.sides is Sides.both else (config.sides.value,)
        asked = config.others if "image" in sides else 0
        others = other_pictures(context, asked) if asked else None
        attributors: list[Attributor] = [
            M2IB(context.encoder, side, getattr(config, side), context.seed, others=others)
            for side in sides
        ]
        if config.passport:
            attributors = with_passports(attributors, context.encoder, context.seed)
        explain_pairs(
            context,
            attributors,
            config.batch_size,
            figure,
            config.blur,
            thorough=config.thorough,
            keep=config.keep,
        )

    def report(self, folder: "RunFolder") -> "Content":
        """Shows each pair with its heatmap and words, after what a score means."""
        from vlminterp.report.attribution import attribution_content

        return attribution_content(folder, MEANING)
