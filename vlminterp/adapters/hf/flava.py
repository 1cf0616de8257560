"""FLAVA: its two unimodal encoders and the heads of its contrastive loss."""

from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder, pair
from vlminterp.adapters.replay import find_blocks
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first


class HFFLAVA(HFDualEncoder):
    """FLAVA, pooled at CLS on both sides; transformers projects every token, we take the first."""

    model_type = "flava"
    architecture = "FlavaModel"
    beside = ("image_codebook.", "itm_head.", "mim_head.", "mlm_head.", "mmm_")

    @property
    def trained_size(self) -> tuple[int, int]:
        """Height and width of the images in training; FLAVA's config has another name for it."""
        return pair(self.model.config.image_config.image_size)

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        patch = pair(self.model.config.image_config.patch_size)
        return self.replayed_image(blocks=find_blocks(self.model.image_model), patch=patch)

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower that is pooled at CLS."""
        return self.replayed_text(at_first)

    def image_features(self, values: Tensor) -> Tensor:
        """Returns the first token's projection, `[B, D]`, of any length."""
        return super().image_features(values)[:, 0]

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Returns the first token's projection, `[B, D]`, of any length."""
        return super().text_features(ids, mask)[:, 0]
