"""CLIPSeg: the CLIP inside it; its segmentation decoder is left aside."""

from vlminterp.adapters.hf.clip import LEGACY_EOS
from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_id, at_largest_id


class HFCLIPSeg(HFDualEncoder):
    """CLS of the image, end token of the text."""

    model_type = "clipseg"
    architecture = "CLIPSegModel"
    beside = ("decoder.",)

    def image_tower(self) -> ReplayVision:
        """Pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Causal, pooled at the end token."""
        eos = self.model.config.text_config.eos_token_id
        return self.replayed_text(at_largest_id if eos == LEGACY_EOS else at_id(eos))
