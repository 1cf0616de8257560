"""MetaCLIP 2: CLIP's architecture with a multilingual tokenizer."""

from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayVision


class HFMetaCLIP2(ReadsEndToken):
    """MetaCLIP 2, pooled at CLS of the image and at the end token of the text."""

    model_type = "metaclip_2"
    architecture = "MetaClip2Model"
    legacy_eos = None

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image()
