"""SigLIP, and SigLIP 2 of fixed resolution, which has the same classes."""

from collections.abc import Sequence

from torch import Tensor

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_last_position


class HFSigLIP(HFDualEncoder):
    """No CLS: the image is pooled by attention. Text is padded to 64 and read at the last place."""

    model_type = "siglip"
    architecture = "SiglipModel"
    pads_to_context = True

    def image_tower(self) -> ReplayVision:
        """Returns a tower of patches only, pooled by an attention head."""
        return self.replayed_image(prefix_tokens=0, pools_first=False)

    def text_tower(self) -> ReplayText:
        """Returns a tower that reads its padding, as in training."""
        return self.replayed_text(at_last_position, sees_padding=True)

    def cleaned(self, text: str) -> str:
        """Returns a caption in lower case, as in training.

        SigLIP 2's tokenizer (Gemma's) leaves that to its user.
        """
        return text.lower()

    def notes(self) -> Sequence[str]:
        """Adds a note if putting captions in lower case changes their tokens."""
        if self._tokenizer is None or self._ids("A") == self._ids("a"):
            return super().notes()
        return (
            *super().notes(),
            "captions are put in lower case, as in training and as open_clip does; "
            "transformers' AutoProcessor leaves capitals in them",
        )

    def _ids(self, text: str) -> Sequence[int]:
        ids: list[int] = self.tokenizer(text)["input_ids"]
        return ids

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Returns text embeddings without the mask: SigLIP was trained to read its padding."""
        features: Tensor = self.model.get_text_features(input_ids=ids).pooler_output
        return features
