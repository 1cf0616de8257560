"""Chinese-CLIP: CLIP's image tower beside a Chinese BERT."""

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first


class HFChineseCLIP(HFDualEncoder):
    """Chinese-CLIP, pooled at CLS on both sides."""

    model_type = "chinese_clip"
    architecture = "ChineseCLIPModel"

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower that is pooled at CLS."""
        return self.replayed_text(at_first)
