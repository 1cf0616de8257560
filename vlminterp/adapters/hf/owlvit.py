"""OWL-ViT: the CLIP inside the detector; its boxes are left aside."""

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_largest_id


class HFOWLViT(HFDualEncoder):
    """CLS of the image, end token of the text."""

    model_type = "owlvit"
    architecture = "OwlViTModel"
    beside = ("box_head.", "class_head.", "objectness_head.", "layer_norm.")

    def image_tower(self) -> ReplayVision:
        """Pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Causal, pooled at the largest id."""
        return self.replayed_text(at_largest_id)
