"""FLAVA: its two unimodal encoders and the heads of its contrastive loss."""

from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay import find_blocks
from vlminterp.adapters.replay_towers import ImageFacts, ReplayText, ReplayVision, at_first


class HFFLAVA(HFDualEncoder):
    """CLS on both sides; transformers projects every token, the loss reads the first."""

    model_type = "flava"
    architecture = "FlavaModel"

    def image_tower(self) -> ReplayVision:
        """Pooled at CLS."""
        config = self.model.config.image_config
        rows = config.image_size // config.patch_size
        return ReplayVision(
            self.image_features,
            find_blocks(self.model.image_model),
            ImageFacts(
                size=(config.image_size, config.image_size),
                prefix_tokens=1,
                pools_first=True,
                grid=(rows, rows),
            ),
        )

    def text_tower(self) -> ReplayText:
        """Bidirectional, pooled at CLS."""
        return self.replayed_text(at_first)

    def image_features(self, values: Tensor) -> Tensor:
        """The first token's projection."""
        return super().image_features(values)[:, 0]

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The first token's projection."""
        return super().text_features(ids, mask)[:, 0]
