"""`VisionTextDualEncoderModel`: any image tower beside any text tower of transformers."""

from torch import nn

from vlminterp.adapters.hf.dual_encoder import HFDualEncoder
from vlminterp.adapters.replay_towers import ReplayText, ReplayVision, at_first

CLS_MODELS = ("clip", "vit", "deit", "dinov2", "dinov2_with_registers", "beit")
"""Image towers whose pooled output is read at the first token."""


class HFVisionTextDualEncoder(HFDualEncoder):
    """A `VisionTextDualEncoderModel`; both sides are pooled by their towers' own pooler."""

    model_type = "vision_text_dual_encoder"
    architecture = "VisionTextDualEncoderModel"

    @property
    def context(self) -> int:
        """Longest caption, in tokens: RoBERTa's positions begin behind the padding id."""
        config = self.model.config.text_config
        behind = config.pad_token_id + 1 if "roberta" in config.model_type else 0
        return int(config.max_position_embeddings - behind)

    def image_tower(self) -> ReplayVision:
        """Returns a tower in which any registers stand behind CLS."""
        config = self.model.config.vision_config
        first = config.model_type in CLS_MODELS
        registers = getattr(config, "num_register_tokens", 0)
        return self.replayed_image(
            blocks=_blocks(self.model.vision_model, config.num_hidden_layers),
            prefix_tokens=first + registers,
            pools_first=first,
        )

    def text_tower(self) -> ReplayText:
        """Returns a tower that is pooled at CLS, as BERT-like ones are."""
        return self.replayed_text(at_first)


def _blocks(tower: nn.Module, number: int) -> list[nn.Module]:
    """Returns the first list that holds as many blocks as the config says; empty if none does."""
    lists = (module for module in tower.modules() if isinstance(module, nn.ModuleList))
    return next((list(blocks) for blocks in lists if len(blocks) == number), [])
