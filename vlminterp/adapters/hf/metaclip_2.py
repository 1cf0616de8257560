"""MetaCLIP 2: CLIP's architecture with a multilingual tokenizer."""

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_id


class HFMetaCLIP2(HFDualEncoder):
    """CLS of the image, end token of the text."""

    model_type = "metaclip_2"
    architecture = "MetaClip2Model"

    def image_tower(self) -> ReplayVision:
        """Pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Causal, pooled at the end token."""
        return self.replayed_text(at_id(self.model.config.text_config.eos_token_id))
