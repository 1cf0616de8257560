"""ALIGN: an EfficientNet beside a BERT."""

import torch
from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay import StreamLayout
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first


class HFALIGN(HFDualEncoder):
    """ALIGN, whose image is a feature map that shrinks from block to block, averaged at the end."""

    model_type = "align"
    architecture = "AlignModel"

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The inverse of ALIGN's temperature, by which it divides, and 0."""
        scale = 1 / self.model.temperature
        return scale, torch.zeros_like(scale)

    def image_features(self, values: Tensor) -> Tensor:
        """Returns the model's own image embeddings; convolutions take images of any size."""
        features: Tensor = self.model.get_image_features(pixel_values=values).pooler_output
        return features

    def image_tower(self) -> ReplayVision:
        """Returns a tower of convolutions; every block's map has its own grid."""
        return self.replayed_image(
            prefix_tokens=0, pools_first=False, layout=StreamLayout.channels_first
        )

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower that is pooled at CLS."""
        return self.replayed_text(at_first)
