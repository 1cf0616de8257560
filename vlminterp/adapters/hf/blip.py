"""BLIP: the two towers and heads of its contrastive loss; the matching head is left aside."""

import torch
from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder, pair
from vlminterp.adapters.replay import find_blocks
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first


class HFBLIP(HFDualEncoder):
    """BLIP, pooled at CLS on both sides; checkpoints keep no temperature: logits are cosines."""

    model_type = "blip"
    architecture = "BlipForImageTextRetrieval"

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """1 and 0, since checkpoints keep no temperature."""
        return torch.ones((), device=self.device), torch.zeros((), device=self.device)

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image(patch=pair(self.model.config.vision_config.patch_size))

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower that is pooled at CLS."""
        return self.replayed_text(at_first, blocks=find_blocks(self.model.text_encoder))

    def image_features(self, values: Tensor) -> Tensor:
        """Returns the output of the contrastive head at CLS, `[B, D]`, of any length."""
        hidden = self.model.vision_model(
            pixel_values=values, interpolate_pos_encoding=self.image_size != self.trained_size
        ).last_hidden_state
        features: Tensor = self.model.vision_proj(hidden[:, 0])
        return features

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Returns the output of the contrastive head at CLS, `[B, D]`, of any length."""
        output = self.model.text_encoder(input_ids=ids, attention_mask=mask)
        features: Tensor = self.model.text_proj(output.last_hidden_state[:, 0])
        return features
