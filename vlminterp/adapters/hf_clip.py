"""CLIP as transformers writes it: `CLIPModel`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, CLIPModel
from transformers.image_processing_base import ImageProcessingMixin
from transformers.utils import logging as transformers_logging

from vlminterp.adapters.checkpoint import require_files, require_model_type
from vlminterp.adapters.dual_encoder import BEFORE_ALL_BLOCKS, DualEncoder, Pixels, State, Tokens
from vlminterp.adapters.hub import loading
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.transformer import (
    Attention,
    Block,
    TransformerTower,
    causal_mask,
    take_pooled,
)
from vlminterp.adapters.words import clip_words
from vlminterp.errors import ModelError

LEGACY_EOS = 2
"""Configs with this `eos_token_id` pool at the largest id instead (transformers PR 24773)."""

FILES = (
    ("config.json",),
    ("model.safetensors", "model.safetensors.index.json"),
    ("preprocessor_config.json",),
    ("tokenizer.json", "vocab.json"),
)


class HFCLIP(DualEncoder):
    """Wraps a transformers `CLIPModel`; the model is put in eval mode and frozen.

    Args:
        model: The model.
        preprocessing: How it wants images; needed only by `preprocess`.
        tokenizer: Its tokenizer; needed only by `tokenize`.
        name: What reports call it.
    """

    def __init__(
        self,
        model: CLIPModel,
        preprocessing: Preprocessing | None = None,
        tokenizer: Any = None,
        name: str = "CLIPModel",
    ) -> None:
        super().__init__(name, preprocessing, tokenizer)
        self.model: Any = model
        self.model.train(mode=False)
        self.model.requires_grad_(requires_grad=False)
        self.vision = VisionTower(model)
        self.text = TextTower(model)

    @classmethod
    def load(
        cls, checkpoint: str, revision: str | None, dtype: torch.dtype, device: torch.device
    ) -> "HFCLIP":
        """Loads weights, preprocessing and tokenizer from a folder or the hub.

        Args:
            checkpoint: A folder in the hub's format, or a hub id.
            revision: Branch, tag or commit on the hub.
            dtype: Of the weights.
            device: Where they go.

        Raises:
            ModelError: Something is missing, or the checkpoint is no CLIP.
        """
        if Path(checkpoint).is_dir():
            require_files(Path(checkpoint), FILES)
            require_model_type(Path(checkpoint), "clip")
        # "main", not None: transformers converts pickled hub weights only for a named revision.
        revision = revision or "main"
        with loading(checkpoint), _no_progress_bar():
            config, _ = ImageProcessingMixin.get_image_processor_dict(checkpoint, revision=revision)
            tokenizer = AutoTokenizer.from_pretrained(checkpoint, revision=revision)
            model = _load_model(checkpoint, revision, dtype)
            model.to(device)  # type: ignore[arg-type]  # transformers hides nn.Module's signature
        return cls(model, Preprocessing.from_hf(config), tokenizer, name=checkpoint)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The learned temperature; CLIP has no bias."""
        scale = self.model.logit_scale.exp()
        return scale, torch.zeros_like(scale)

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into BPE pieces."""
        context = self.model.config.text_config.max_position_embeddings
        full = self.tokenizer(list(texts), verbose=False)["input_ids"]
        batch = self.tokenizer(
            list(texts),
            padding=True,
            truncation=True,
            max_length=context,
            return_special_tokens_mask=True,
            return_tensors="pt",
        )
        special = batch["special_tokens_mask"].bool()
        words = tuple(
            self._words(ids.tolist(), flags.tolist())
            for ids, flags in zip(batch["input_ids"], special, strict=True)
        )
        return Tokens(
            ids=batch["input_ids"],
            mask=batch["attention_mask"].bool(),
            special=special,
            words=words,
            truncated=tuple(len(ids) > context for ids in full),
        )

    def _words(self, ids: list[int], special: list[bool]) -> tuple[Any, ...]:
        pieces = self.tokenizer.convert_ids_to_tokens(ids)
        known = [None if flag else piece for piece, flag in zip(pieces, special, strict=True)]
        return clip_words(known, self.tokenizer.decode, ids)


class HFBlock(Block):
    """One `CLIPEncoderLayer`."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer: Any = layer

    def __call__(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        """The layer on every token."""
        output: Tensor = self.layer(hidden, attention_mask=attention_mask)
        return output

    def attention_norm(self, hidden: Tensor) -> Tensor:
        """The norm before the attention."""
        normed: Tensor = self.layer.layer_norm1(hidden)
        return normed

    def attention(self) -> Attention:
        """The attention's weights."""
        attention = self.layer.self_attn
        return Attention(
            query_weight=attention.q_proj.weight,
            query_bias=attention.q_proj.bias,
            key_weight=attention.k_proj.weight,
            value_weight=attention.v_proj.weight,
            value_bias=attention.v_proj.bias,
            output=attention.out_proj,
            heads=attention.num_heads,
        )

    def add_attention(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """Adds the attention's output."""
        return hidden + attended

    def add_mlp(self, hidden: Tensor) -> Tensor:
        """Adds the MLP's output."""
        output: Tensor = hidden + self.layer.mlp(self.layer.layer_norm2(hidden))
        return output


class VisionTower(TransformerTower[Pixels]):
    """The image half of a `CLIPModel`; CLS is pooled."""

    def __init__(self, model: CLIPModel) -> None:
        self._model: Any = model.vision_model
        self._project = model.visual_projection
        super().__init__([HFBlock(layer) for layer in self._model.encoder.layers])

    def embed(self, inputs: Pixels) -> State:
        """Patches, CLS and positions, normalised once."""
        embeddings = self._model.embeddings
        size = embeddings.image_size
        values = inputs.values.to(embeddings.class_embedding.device)
        if values.shape[2:] != (size, size):
            raise ModelError(
                f"this model takes images of {size}×{size}, not {values.shape[2]}×{values.shape[3]}"
            )
        hidden = self._model.pre_layrnorm(embeddings(values))
        rows = size // embeddings.patch_size
        return State(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device),
            pooled=torch.zeros(len(hidden), dtype=torch.long, device=hidden.device),
            prefix_tokens=1,
            grid=(rows, rows),
        )

    def pool(self, state: State) -> Tensor:
        """Norm and projection of CLS."""
        embedding: Tensor = self._project(self._model.post_layernorm(take_pooled(state)))
        return embedding


class TextTower(TransformerTower[Tokens]):
    """The text half of a `CLIPModel`; causal, the end token is pooled."""

    def __init__(self, model: CLIPModel) -> None:
        self._model: Any = model.text_model
        self._project = model.text_projection
        super().__init__([HFBlock(layer) for layer in self._model.encoder.layers])

    def embed(self, inputs: Tokens) -> State:
        """Token embeddings and positions."""
        device = self._model.embeddings.token_embedding.weight.device
        ids, mask = inputs.ids.to(device), inputs.mask.to(device)
        hidden = self._model.embeddings(input_ids=ids)
        eos = self._model.eos_token_id
        pooled = ids.argmax(1) if eos == LEGACY_EOS else (ids == eos).int().argmax(1)
        return State(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=mask,
            pooled=pooled,
            prefix_tokens=0,
            grid=None,
            attention_mask=causal_mask(mask, hidden.dtype),
        )

    def pool(self, state: State) -> Tensor:
        """Norm and projection of the end token."""
        embedding: Tensor = self._project(self._model.final_layer_norm(take_pooled(state)))
        return embedding


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """The run has its own progress; transformers' bar would break into it."""
    logging: Any = transformers_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _load_model(checkpoint: str, revision: str, dtype: torch.dtype) -> CLIPModel:
    load: Callable[..., Any] = CLIPModel.from_pretrained
    model, report = load(
        checkpoint,
        revision=revision,
        dtype=dtype,
        attn_implementation="sdpa",
        use_safetensors=True,
        output_loading_info=True,
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"{checkpoint} is no CLIPModel: {len(missing)} tensors are missing, e.g. {missing[0]}"
        )
    wrapped: CLIPModel = model
    return wrapped
