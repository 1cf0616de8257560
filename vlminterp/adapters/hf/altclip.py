"""AltCLIP: CLIP's image tower beside XLM-R."""

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first


class HFAltCLIP(HFDualEncoder):
    """AltCLIP, pooled at CLS on both sides."""

    model_type = "altclip"
    architecture = "AltCLIPModel"

    @property
    def context(self) -> int:
        """Longest caption, in tokens: XLM-R's positions begin behind the padding id."""
        config = self.model.config.text_config
        return int(config.max_position_embeddings - config.pad_token_id - 1)

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Returns a bidirectional tower that is pooled at CLS."""
        return self.replayed_text(at_first)
