"""AIMv2 tuned to text (the "lit" checkpoints)."""

from torch import Tensor

from vlminterp.adapters.dual_encoder import Tokens, Tower
from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayVision


class HFAIMv2(ReadsEndToken):
    """AIMv2, whose image is pooled by attention over its patches, and its text at the end token."""

    model_type = "aimv2"
    architecture = "Aimv2Model"
    legacy_eos = None

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The temperature, which AIMv2 clamps, and 0."""
        scale = self.model.logit_scale.clamp(0, self.model.max_log_logit_scale).exp()
        return scale, scale.new_zeros(())

    def image_tower(self) -> ReplayVision:
        """Returns a tower of patches only."""
        return self.replayed_image(prefix_tokens=0, pools_first=False)

    def text_tower(self) -> Tower[Tokens]:
        """Returns a causal tower that is read at the end token.

        With SDPA, transformers (5.24) makes no mask for captions without padding, and its AIMv2
        then looks ahead: the same caption gets another embedding beside a longer one.
        """
        self.model.text_model.set_attn_implementation("eager")
        return super().text_tower()
