"""The plugin M2IB, run by `+plugin=m2ib`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from vlminterp.attribution.options import ExplainingConfig
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
class M2IBConfig(ExplainingConfig):
    """Options of M2IB.

    Attributes:
        sides: The inputs to explain.
        image: The bottleneck in the image tower.
        text: The bottleneck in the text tower.
        others: Number of the data's first pictures, ≥ 2, whose patches stand in for the noise of
            the image side of pairs of other pictures; 0 for noise.
    """

    sides: Sides = Sides.both
    image: Settings = field(default_factory=lambda: _default("image"))
    text: Settings = field(default_factory=lambda: _default("text"))
    others: int = 0

    def __post_init__(self) -> None:
        """Checks that every value is in range.

        Raises:
            ConfigError: A value is out of range.
        """
        super().__post_init__()
        if self.others < 0 or self.others == 1:
            raise ConfigError(f"others={self.others} must be 0, or at least 2")


class M2IBPlugin(Plugin):
    """Multi-modal information bottleneck attribution."""

    Config = M2IBConfig
    shares = True
    sharded = True
    groups: ClassVar = {"preset": None}

    def run(self, context: Context[M2IBConfig]) -> None:
        """Explains every pair."""
        from vlminterp.attribution.runner import explain_pairs
        from vlminterp.drawing.figure import figure
        from vlminterp_m2ib.attribution import M2IB
        from vlminterp_m2ib.others import other_pictures

        config = context.config
        sides = ("image", "text") if config.sides is Sides.both else (config.sides.value,)
        asked = config.others if "image" in sides else 0
        with context.helpers():
            others = other_pictures(context, asked) if asked else None
            attributors: list[Attributor] = [
                M2IB(context.encoder, side, getattr(config, side), context.seed, others=others)
                for side in sides
            ]
            explain_pairs(context, attributors, config, figure)

    def report(self, folder: "RunFolder") -> "Content":
        """Shows each pair with its heatmap and words, after what a score means."""
        from vlminterp.report.attribution import attribution_content

        return attribution_content(folder, MEANING)
