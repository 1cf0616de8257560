"""GroupViT: patches are merged into segments; the blocks before that can be cut."""

from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayVision


class HFGroupViT(ReadsEndToken):
    """After the first stage no token is a patch any more: its blocks are the cuts."""

    model_type = "groupvit"
    architecture = "GroupViTModel"

    def image_tower(self) -> ReplayVision:
        """Patches, then the group tokens that will gather them."""
        blocks = list(self.model.vision_model.encoder.stages[0].layers)
        return self.replayed_image(blocks=blocks, prefix_tokens=0, pools_first=False)
