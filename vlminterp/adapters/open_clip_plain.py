"""The towers of open_clip that are plain transformers, run block by block."""

from typing import Any

import open_clip
import torch
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn

from vlminterp.adapters.dual_encoder import BEFORE_ALL_BLOCKS, Pixels, State, Tokens
from vlminterp.adapters.plain import plain_linear, plain_parameters, untouched
from vlminterp.adapters.replay import ReplayTower
from vlminterp.adapters.replay_towers import covered
from vlminterp.adapters.transformer import Attention, Block, TransformerTower, take_pooled
from vlminterp.errors import ModelError


class OpenCLIPBlock(Block):
    """A `ResidualAttentionBlock` of open_clip."""

    def __init__(self, block: ResidualAttentionBlock) -> None:
        self.block: Any = block

    def __call__(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Runs the block on every token; all inputs share one causal mask."""
        mask = None if attention_mask is None else attention_mask[0, 0]
        output: Tensor = self.block(hidden, attn_mask=mask)
        return output

    def is_plain(self) -> bool:
        """Tells whether the attention is torch's own, and nothing is done to any module."""
        attention = self.block.attn
        return (
            type(self.block) is ResidualAttentionBlock
            and type(attention) is nn.MultiheadAttention
            and plain_parameters(attention.in_proj_weight, attention.in_proj_bias)
            and plain_linear(attention.out_proj)
            and untouched(self.block.modules())
        )

    def attention_norm(self, hidden: Tensor) -> Tensor:
        """Applies the norm before the attention."""
        normed: Tensor = self.block.ln_1(hidden)
        return normed

    def attention(self) -> Attention:
        """Returns the attention's weights, which `MultiheadAttention` keeps in one tensor."""
        attention: nn.MultiheadAttention = self.block.attn
        query_weight, key_weight, value_weight = attention.in_proj_weight.chunk(3)
        query_bias, _, value_bias = attention.in_proj_bias.chunk(3)
        return Attention(
            query_weight=query_weight,
            query_bias=query_bias,
            key_weight=key_weight,
            value_weight=value_weight,
            value_bias=value_bias,
            output=attention.out_proj,
            heads=attention.num_heads,
        )

    def add_attention(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """Adds the attention's output, scaled per layer where the model does so."""
        output: Tensor = hidden + self.block.ls_1(attended)
        return output

    def add_mlp(self, hidden: Tensor) -> Tensor:
        """Adds the MLP's output, scaled per layer where the model does so."""
        output: Tensor = hidden + self.block.ls_2(self.block.mlp(self.block.ln_2(hidden)))
        return output


class PlainVisionTower(TransformerTower[Pixels]):
    """open_clip's `VisionTransformer`; CLS or the mean of the patches is pooled.

    Args:
        visual: The image tower.
        replayed: The same tower, run by the model's own forward.
    """

    def __init__(self, visual: VisionTransformer, replayed: ReplayTower[Pixels]) -> None:
        self._visual: Any = visual
        super().__init__([OpenCLIPBlock(block) for block in visual.transformer.resblocks], replayed)

    def is_plain(self) -> bool:
        """Tells whether the transformer is untouched."""
        return untouched((self._visual, self._visual.transformer))

    def embed(self, inputs: Pixels) -> State:
        """Embeds patches, CLS and positions, and applies the first norm."""
        visual = self._visual
        weight = visual.conv1.weight
        values = inputs.values.to(weight.device, weight.dtype)
        if values.shape[2:] != tuple(visual.image_size):
            height, width = visual.image_size
            raise ModelError(
                f"this model takes images of {height}×{width}, "
                f"not {values.shape[2]}×{values.shape[3]}"
            )
        hidden = visual._embeds(values)
        pooled = torch.zeros(len(hidden), dtype=torch.long, device=hidden.device)
        return State(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device),
            pooled=pooled if visual.pool_type == "tok" else None,
            prefix_tokens=1,
            grids=(tuple(visual.grid_size),) * len(hidden),
            coverage=covered(visual.image_size, visual.grid_size, visual.patch_size),
        )

    def pool(self, state: State) -> Tensor:
        """Applies norm, pooling and projection."""
        pooled: Tensor = self._visual._pool(state.hidden)[0] @ self._visual.proj
        return pooled


class PlainTextTower(TransformerTower[Tokens]):
    """The text half of open_clip's `CLIP`; causal, the end token is pooled.

    Args:
        model: The model.
        replayed: The same tower, run by the model's own forward.
    """

    def __init__(self, model: open_clip.CLIP, replayed: ReplayTower[Tokens]) -> None:
        self._model: Any = model
        super().__init__([OpenCLIPBlock(block) for block in model.transformer.resblocks], replayed)

    def is_plain(self) -> bool:
        """Tells whether the transformer is untouched."""
        return untouched((self._model.transformer,))

    def embed(self, inputs: Tokens) -> State:
        """Embeds tokens and positions."""
        model = self._model
        ids = inputs.ids.to(model.positional_embedding.device)
        length = ids.shape[1]
        dtype = model.transformer.get_cast_dtype()
        positions = model.positional_embedding[:length].to(dtype)
        hidden = model.token_embedding(ids).to(dtype) + positions
        by_largest = model.text_pool_type == "argmax"
        return State(
            hidden=hidden,
            block=BEFORE_ALL_BLOCKS,
            mask=inputs.mask.to(ids.device),
            pooled=ids.argmax(1) if by_largest else (ids == model.text_eos_id).int().argmax(1),
            prefix_tokens=0,
            attention_mask=model.attn_mask[None, None, :length, :length].to(dtype),
        )

    def pool(self, state: State) -> Tensor:
        """Applies norm and projection to the end token."""
        model = self._model
        pooled: Tensor = model.ln_final(take_pooled(state))
        if isinstance(model.text_projection, nn.Linear):
            projected: Tensor = model.text_projection(pooled)
            return projected
        return pooled if model.text_projection is None else pooled @ model.text_projection


def plain_image(model: Any) -> bool:
    """Tells whether the image tower is a plain transformer that pools CLS or the mean."""
    visual = model.visual
    return (
        isinstance(visual, VisionTransformer)
        and visual.attn_pool is None
        and visual.pool_type in ("tok", "avg")
        and not visual.output_tokens
        and _plain_blocks(visual.transformer)
    )


def plain_text(model: Any) -> bool:
    """Tells whether the text tower is CLIP's own: causal, pooled at the end token."""
    return (
        isinstance(model, open_clip.CLIP)
        and model.text_pool_type in ("argmax", "eos")
        and model.attn_mask is not None
        and _plain_blocks(model.transformer)
    )


def _plain_blocks(transformer: Any) -> bool:
    return all(isinstance(block, ResidualAttentionBlock) for block in transformer.resblocks)
