"""AIMv2 tuned to text (the "lit" checkpoints)."""

from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_id


class HFAIMv2(HFDualEncoder):
    """The image is pooled by attention over its patches, the text at its end token."""

    model_type = "aimv2"
    architecture = "Aimv2Model"

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The temperature, which AIMv2 clamps."""
        scale = self.model.logit_scale.clamp(0, self.model.max_log_logit_scale).exp()
        return scale, scale.new_zeros(())

    def image_tower(self) -> ReplayVision:
        """Patches only."""
        return self.replayed_image(prefix_tokens=0, pools_first=False)

    def text_tower(self) -> ReplayText:
        """Causal, pooled at the end token.

        With SDPA, transformers (5.24) makes no mask for captions without padding, and its AIMv2
        then looks ahead: the same caption has another embedding beside a longer one.
        """
        self.model.text_model.set_attn_implementation("eager")
        return self.replayed_text(at_id(self.model.config.text_config.eos_token_id))
