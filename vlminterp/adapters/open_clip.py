"""Dual encoders as open_clip writes them: `CLIP`, `CustomTextCLIP`, `CoCa`."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.checkpoint import ADAPTER_CONFIG
from vlminterp.adapters.dual_encoder import (
    Pixels,
    Tokens,
    Tower,
)
from vlminterp.adapters.hub import loading
from vlminterp.adapters.inputs import captions_of
from vlminterp.adapters.open_clip_checkpoint import (
    LOCAL,
    find_checkpoint,
    load_tokenizer,
    naming_tower,
    text_tower,
)
from vlminterp.adapters.open_clip_plain import (
    PlainTextTower,
    PlainVisionTower,
    plain_image,
    plain_text,
)
from vlminterp.adapters.open_clip_tokenizing import end_token, tokenize_bpe, tokenize_hf
from vlminterp.adapters.open_clip_towers import replayed_image, replayed_text
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.room import RoomFor
from vlminterp.adapters.settings import ModelConfig
from vlminterp.adapters.strict import told_in_one_line
from vlminterp.adapters.wrapped import WrappedEncoder
from vlminterp.errors import ModelError


class OpenCLIP(WrappedEncoder):
    """Wraps any model of open_clip; it is put in eval mode and frozen.

    Plain transformers run block by block, and their last block at one token only; all other towers
    of open_clip (timm, ResNet, attention pooling, HF text towers) are replayed.

    Args:
        model: The model.
        preprocessing: Pipeline for images; needed only by `preprocess`.
        tokenizer: open_clip's own; needed only by `tokenize`.
        name: Name in reports; the class's by default.

    Raises:
        ModelError: A tower is of an unknown kind, or the tokenizer does not suit it.
    """

    def __init__(
        self,
        model: Any,
        preprocessing: Preprocessing | None = None,
        tokenizer: Any = None,
        name: str = "",
    ) -> None:
        super().__init__(name or type(model).__name__, preprocessing, tokenizer)
        self.model: Any = model.eval().requires_grad_(requires_grad=False)
        image, text = replayed_image(model), replayed_text(model)
        self.vision: Tower[Pixels] = (
            PlainVisionTower(model.visual, image) if plain_image(model) else image
        )
        self.text: Tower[Tokens] = PlainTextTower(model, text) if plain_text(model) else text
        self.end_token = None if tokenizer is None else end_token(model, tokenizer, self.name)

    @classmethod
    def load(cls, config: ModelConfig, device: torch.device) -> "OpenCLIP":
        """Loads weights, preprocessing and tokenizer.

        Args:
            config: Its checkpoint is `ARCHITECTURE/TAG` as open_clip lists them,
                `hf-hub:ORG/NAME`, or a folder with `open_clip_config.json`.
            device: Where the weights go.

        Raises:
            ModelError: Something is missing, or does not fit the model.
        """
        checkpoint = config.checkpoint
        architecture, tag = find_checkpoint(config)
        _refuse_adapter(Path(architecture.removeprefix(LOCAL)))
        text = text_tower(architecture, config)
        room = RoomFor(checkpoint, [Path(architecture.removeprefix(LOCAL))])
        with (
            naming_tower(text),
            loading(checkpoint),
            told_in_one_line(checkpoint),
            room,
            warnings.catch_warnings(),
        ):
            # With a QuickGELU mismatch open_clip would go on with wrong numbers.
            warnings.filterwarnings("error", message="QuickGELU mismatch")
            model = open_clip.create_model(
                architecture,
                pretrained=tag,
                require_pretrained=True,
                pretrained_hf=False,  # the checkpoint holds both towers
                force_image_size=config.image_size,
                weights_only=True,  # pickles may hold tensors only
                **text,
            )
        tokenizer = load_tokenizer(architecture, config)
        preprocessing = Preprocessing.from_open_clip(model.visual.preprocess_cfg)
        dtype = getattr(torch, config.dtype.value)
        return cls(model.to(device, dtype), preprocessing, tokenizer, name=checkpoint)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        device: torch.device = self.model.logit_scale.device
        return device

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The learned temperature, and the bias of models trained with SigLIP's loss."""
        scale = self.model.logit_scale.exp()
        bias = self.model.logit_bias
        return scale, torch.zeros_like(scale) if bias is None else bias

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into pieces, padded to the context where the tower may read padding.

        Raises:
            InputError: It is no list of captions.
        """
        texts = captions_of(texts)
        if isinstance(self.tokenizer, HFTokenizer):
            return tokenize_hf(self.tokenizer, texts, self.end_token)
        pad = not isinstance(self.text, PlainTextTower)
        return tokenize_bpe(self.tokenizer, texts, self.context, pad=pad, end_token=self.end_token)

    def own_image_features(self, pixels: Pixels) -> Tensor:
        """Returns the model's own image embeddings, `[B, D]`, of any length."""
        weight = next(self.model.visual.parameters())
        features: Tensor = self.model.encode_image(pixels.values.to(weight.device, weight.dtype))
        return features

    def own_text_features(self, tokens: Tokens) -> Tensor:
        """Returns the model's own text embeddings, `[B, D]`, of any length."""
        ids = functional.pad(tokens.ids, (0, self.context - tokens.ids.shape[1]))
        features: Tensor = self.model.encode_text(ids.to(self.device))
        return features

    @property
    def vocabulary(self) -> int:
        """Number of tokens that the text tower has embeddings for."""
        text = getattr(self.model, "text", self.model)
        if isinstance(text, HFTextEncoder):
            return int(text.transformer.get_input_embeddings().num_embeddings)
        return int(text.token_embedding.num_embeddings)

    @property
    def context(self) -> int:
        """Longest caption, in tokens; a text tower of transformers may not say."""
        text = getattr(self.model, "text", self.model)
        own = getattr(self._tokenizer, "context_length", None)
        return int(own or text.context_length or DEFAULT_CONTEXT_LENGTH)


def _refuse_adapter(folder: Path) -> None:
    if (folder / ADAPTER_CONFIG).is_file():
        raise ModelError(
            f"{folder} holds an adapter, which open_clip would not apply; if it was merged, remove "
            f"{ADAPTER_CONFIG}, else put it in with PEFT and use vlminterp.wrap"
        )
