"""M2IB: the multi-modal information bottleneck, as one method among others."""

from dataclasses import replace

from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import DEFAULTS, Settings

from vlminterp.attribution.explanation import Explanation, Side
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Method, Needs


class M2IBMethod(Method):
    """Fits a noise bottleneck that keeps the score with as little information as possible.

    Its options are the settings of the plugin `m2ib`.
    """

    paper = "Wang, Rudner and Wilson, Multi-Modal Information Bottleneck, NeurIPS 2023"
    cost = "20 forward, 18 backward"
    needs = Needs.gradients
    unit = "nats"
    Options = Settings

    @classmethod
    def default_options(cls, side: Side) -> Settings:
        """Returns the settings for this side, which were chosen on planted truth."""
        return DEFAULTS[side.value]

    def explanation(self, batch: PairBatch) -> Explanation:
        """Fits the bottleneck of each pair."""
        attributor = M2IB(batch.encoder, batch.side, self.options, batch.seed, target=batch.target)
        found = attributor.attribute(batch.pixels, batch.tokens)
        return replace(found, method=self.name)
