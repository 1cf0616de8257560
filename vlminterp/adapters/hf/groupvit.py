"""GroupViT: patches are merged into segments; the blocks before that can be cut."""

from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayVision


class HFGroupViT(ReadsEndToken):
    """GroupViT, cut in its first stage only: after that no token is a patch any more."""

    model_type = "groupvit"
    architecture = "GroupViTModel"

    def image_tower(self) -> ReplayVision:
        """Returns a tower of patches, followed by the group tokens that will gather them."""
        blocks = list(self.model.vision_model.encoder.stages[0].layers)
        return self.replayed_image(blocks=blocks, prefix_tokens=0, pools_first=False)
