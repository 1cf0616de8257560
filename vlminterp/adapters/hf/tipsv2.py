"""TIPS v2: a DINO-like image tower beside a text tower that averages its tokens."""

import torch
from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision


class HFTIPSv2(HFDualEncoder):
    """TIPS v2, pooled at the first CLS of the image; the text's tokens are averaged."""

    model_type = "tipsv2"
    architecture = "Tipsv2Model"

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The inverse of TIPS's temperature, by which it divides, and 0."""
        scale = 1 / self.model.temperature
        return scale, torch.zeros_like(scale)

    def image_tower(self) -> ReplayVision:
        """Returns a tower with CLS and registers before the patches."""
        registers = self.model.config.vision_config.num_register_tokens
        return self.replayed_image(prefix_tokens=1 + registers)

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower whose tokens are averaged."""
        return self.replayed_text(None)
