"""CLIPSeg: the CLIP inside it; its segmentation decoder is left aside."""

from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayVision


class HFCLIPSeg(ReadsEndToken):
    """CLIPSeg, pooled at CLS of the image and at the end token of the text."""

    model_type = "clipseg"
    architecture = "CLIPSegModel"
    beside = ("decoder.",)

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image()
