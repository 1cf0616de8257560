"""GroupViT: patches are merged into segments; the blocks before that can be cut."""

from vlminterp.adapters.hf.clip import LEGACY_EOS
from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_id, at_largest_id


class HFGroupViT(HFDualEncoder):
    """After the first stage no token is a patch any more: its blocks are the cuts."""

    model_type = "groupvit"
    architecture = "GroupViTModel"

    def image_tower(self) -> ReplayVision:
        """Patches, then the group tokens that will gather them."""
        blocks = list(self.model.vision_model.encoder.stages[0].layers)
        return self.replayed_image(blocks=blocks, prefix_tokens=0, pools_first=False)

    def text_tower(self) -> ReplayText:
        """Causal, pooled at the end token."""
        eos = self.model.config.text_config.eos_token_id
        return self.replayed_text(at_largest_id if eos == LEGACY_EOS else at_id(eos))
