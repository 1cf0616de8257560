"""SigLIP, and SigLIP 2 of fixed resolution, which is written in the same classes."""

from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_last_position


class HFSigLIP(HFDualEncoder):
    """No CLS: the image is pooled by attention. Text is padded to 64 and read at the last place."""

    model_type = "siglip"
    architecture = "SiglipModel"
    pads_to_context = True

    def image_tower(self) -> ReplayVision:
        """Patches only, pooled by an attention head."""
        return self.replayed_image(prefix_tokens=0, pools_first=False)

    def text_tower(self) -> ReplayText:
        """Reads its padding, as in training."""
        return self.replayed_text(at_last_position, sees_padding=True)

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Without the mask: SigLIP was trained to read its padding."""
        features: Tensor = self.model.get_text_features(input_ids=ids).pooler_output
        return features
