"""OWL-ViT: the CLIP inside the detector; its boxes are left aside."""

from vlminterp.adapters.hf.end_token import ReadsEndToken
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_largest_id
from vlminterp.errors import ModelError


class HFOWLViT(ReadsEndToken):
    """OWL-ViT, pooled at CLS of the image and at the end token of the text."""

    model_type = "owlvit"
    architecture = "OwlViTModel"
    beside = ("box_head.", "class_head.", "objectness_head.", "layer_norm.")

    def image_tower(self) -> ReplayVision:
        """Returns a tower that is pooled at CLS."""
        return self.replayed_image()

    def text_tower(self) -> ReplayText:
        """Returns a causal tower that is read at the largest id, whatever the config says."""
        self.settle_end_token()
        return self.replayed_text(at_largest_id)

    @property
    def end_token(self) -> int | None:
        """Id of the end token; None where the largest id may be any token."""
        return self.largest_end_token

    def settle_end_token(self) -> None:
        """Checks that the largest id is the end token.

        Raises:
            ModelError: Tokens were added behind it.
        """
        end = self.end_token
        if end is not None and len(self.tokenizer) > end + 1:
            added = self.tokenizer.convert_ids_to_tokens(end + 1)
            raise ModelError(
                f"{self.name} reads captions at their largest id, but its tokenizer has tokens "
                f"above the end token ({end}), e.g. {added}: remove them"
            )
