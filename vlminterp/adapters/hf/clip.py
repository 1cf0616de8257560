"""CLIP of transformers: `CLIPModel`."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.models.clip.modeling_clip import CLIPAttention, CLIPEncoderLayer

from vlminterp.adapters.dual_encoder import BEFORE_ALL_BLOCKS, Pixels, State, Tokens
from vlminterp.adapters.hf.dual_encoder import pair
from vlminterp.adapters.hf.end_token import LEGACY_EOS, ReadsEndToken
from vlminterp.adapters.plain import plain_linear, untouched
from vlminterp.adapters.replay import ReplayTower
from vlminterp.adapters.replay_towers import covered, whole_patches
from vlminterp.adapters.transformer import (
    Attention,
    Block,
    TransformerTower,
    causal_mask,
    take_pooled,
)
from vlminterp.errors import ModelError

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
SPELLED_OUT = ("eager", "sdpa")
"""Implementations of the attention that take a mask as `causal_mask` returns it."""


class HFCLIP(ReadsEndToken):
    """Wraps a transformers `CLIPModel`: plain transformers, whose last block runs at one token."""

    model_type = "clip"
    architecture = "CLIPModel"

    def image_tower(self) -> "CLIPVisionTower":
        """Returns a tower that is pooled at CLS."""
        return CLIPVisionTower(self.model, self.image_size, self.replayed_image())

    def text_tower(self) -> "CLIPTextTower":
        """Returns a causal tower that is read at the end token."""
        return CLIPTextTower(self.model, self.replayed_to_end())


class HFBlock(Block):
    """A `CLIPEncoderLayer` of transformers."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer: Any = layer

    def __call__(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Runs the layer on every token."""
        output: Tensor = self.layer(hidden, attention_mask=attention_mask)
        return output

    def is_plain(self) -> bool:
        """Tells whether the four projections are plain, and nothing is done to any module."""
        layer, attention = self.layer, self.layer.self_attn
        return (
            type(layer) is CLIPEncoderLayer
            and type(attention) is CLIPAttention
            and all(plain_linear(getattr(attention, name)) for name in PROJECTIONS)
            and untouched(layer.modules())
        )

    def attention_norm(self, hidden: Tensor) -> Tensor:
        """Applies the norm before the attention."""
        normed: Tensor = self.layer.layer_norm1(hidden)
        return normed

    def attention(self) -> Attention:
        """Returns the attention's weights."""
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


class CLIPVisionTower(TransformerTower[Pixels]):
    """The image half of a `CLIPModel`; CLS is pooled.

    Args:
        model: The model.
        size: Height and width of its images; positions are interpolated where training had others.
        replayed: The same tower, run by the model's own forward.
    """

    def __init__(self, model: Any, size: tuple[int, int], replayed: ReplayTower[Pixels]) -> None:
        self._model: Any = model.vision_model
        self._size = size
        self._project = model.visual_projection
        super().__init__([HFBlock(layer) for layer in self._model.encoder.layers], replayed)

    def is_plain(self) -> bool:
        """Tells whether the encoder is untouched."""
        return _plain_around(self._model)

    def embed(self, inputs: Pixels) -> State:
        """Embeds patches, CLS and positions, and applies the first norm."""
        embeddings, size = self._model.embeddings, self._size
        values = inputs.values.to(embeddings.class_embedding.device)
        if tuple(values.shape[2:]) != size:
            raise ModelError(
                f"this model takes images of {size[0]}×{size[1]}, "
                f"not {values.shape[2]}×{values.shape[3]}"
            )
        trained = (embeddings.image_size, embeddings.image_size)
        embedded = embeddings(values, interpolate_pos_encoding=size != trained)
        hidden = self._model.pre_layrnorm(embedded)
        patch = pair(embeddings.patch_size)
        grid = whole_patches(size, patch)
        return State(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device),
            pooled=torch.zeros(len(hidden), dtype=torch.long, device=hidden.device),
            prefix_tokens=1,
            grids=(grid,) * len(hidden),
            coverage=covered(size, grid, patch),
        )

    def pool(self, state: State) -> Tensor:
        """Applies norm and projection to CLS."""
        embedding: Tensor = self._project(self._model.post_layernorm(take_pooled(state)))
        return embedding


class CLIPTextTower(TransformerTower[Tokens]):
    """The text half of a `CLIPModel`; causal, the end token is pooled.

    Args:
        model: The model.
        replayed: The same tower, run by the model's own forward.
    """

    def __init__(self, model: Any, replayed: ReplayTower[Tokens]) -> None:
        self._model: Any = model.text_model
        self._project = model.text_projection
        super().__init__([HFBlock(layer) for layer in self._model.encoder.layers], replayed)

    def is_plain(self) -> bool:
        """Tells whether the encoder is untouched."""
        return _plain_around(self._model)

    def embed(self, inputs: Tokens) -> State:
        """Embeds tokens and positions."""
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
            attention_mask=causal_mask(mask, hidden.dtype),
        )

    def pool(self, state: State) -> Tensor:
        """Applies norm and projection to the end token."""
        embedding: Tensor = self._project(self._model.final_layer_norm(take_pooled(state)))
        return embedding


def _plain_around(tower: Any) -> bool:
    """Tells whether the modules that hold a tower's blocks are unmodified, and take our mask."""
    attention = tower.config._attn_implementation
    return attention in SPELLED_OUT and untouched((tower, tower.encoder))
