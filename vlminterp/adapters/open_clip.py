"""Dual encoders as open_clip writes them: `CLIP`, `CustomTextCLIP`, `CoCa`."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import open_clip
import torch
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn

from vlminterp.adapters.dual_encoder import (
    BEFORE_ALL_BLOCKS,
    DualEncoder,
    Pixels,
    State,
    Tokens,
    Tower,
)
from vlminterp.adapters.hf.tokenizing import tokenize
from vlminterp.adapters.hub import loading
from vlminterp.adapters.open_clip_checkpoint import find_checkpoint, load_tokenizer, text_tower
from vlminterp.adapters.open_clip_towers import replayed_image, replayed_text
from vlminterp.adapters.preprocessing import Preprocessing
from vlminterp.adapters.registry import ModelConfig
from vlminterp.adapters.transformer import Attention, Block, TransformerTower, take_pooled
from vlminterp.adapters.words import clip_words
from vlminterp.errors import ModelError


class OpenCLIP(DualEncoder):
    """Wraps any model of open_clip; it is put in eval mode and frozen.

    Plain transformers run block by block, and their last block at one token only; whatever else
    open_clip has (timm, ResNet, attention pooling, HF text towers) is replayed.

    Args:
        model: The model.
        preprocessing: How it wants images; needed only by `preprocess`.
        tokenizer: open_clip's own; needed only by `tokenize`.
        name: What reports call it.

    Raises:
        ModelError: A tower of an unknown kind.
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
        self.vision: Tower[Pixels] = (
            VisionTower(model.visual) if _plain_image(model) else replayed_image(model)
        )
        self.text: Tower[Tokens] = TextTower(model) if _plain_text(model) else replayed_text(model)

    @classmethod
    def load(cls, config: ModelConfig, device: torch.device) -> "OpenCLIP":
        """Loads weights, preprocessing and tokenizer.

        Args:
            config: Its checkpoint is `ARCHITECTURE/TAG` as open_clip lists them,
                `hf-hub:ORG/NAME`, or a folder with `open_clip_config.json`.
            device: Where the weights go.

        Raises:
            ModelError: Something is missing.
        """
        checkpoint = config.checkpoint
        architecture, tag = find_checkpoint(config)
        text = text_tower(architecture, config)
        with loading(checkpoint), warnings.catch_warnings():
            # A QuickGELU mismatch would go on with wrong numbers.
            warnings.filterwarnings("error", message="QuickGELU mismatch")
            model = open_clip.create_model(
                architecture,
                pretrained=tag,
                require_pretrained=True,
                pretrained_hf=False,  # the checkpoint holds both towers
                force_image_size=config.image_size,
                weights_only=True,  # of pickles, tensors alone
                **text,
            )
        tokenizer = load_tokenizer(architecture, config)
        preprocessing = Preprocessing.from_open_clip(model.visual.preprocess_cfg)
        dtype = getattr(torch, config.dtype.value)
        return cls(model.to(device, dtype), preprocessing, tokenizer, name=checkpoint)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.logit_scale.device
        return device

    @property
    def scale_and_bias(self) -> tuple[Tensor, Tensor]:
        """The learned temperature, and the bias of models trained with SigLIP's loss."""
        scale = self.model.logit_scale.exp()
        bias = self.model.logit_bias
        return scale, torch.zeros_like(scale) if bias is None else bias

    def tokenize(self, texts: Sequence[str]) -> Tokens:
        """Splits captions into pieces, padded to the context where the tower may read padding."""
        if isinstance(self.tokenizer, HFTokenizer):
            return _tokenize_hf(self.tokenizer, texts)
        tokenizer, context = self.tokenizer, self.context
        full = [len(tokenizer.encode(text)) + 2 for text in texts]
        lengths = torch.tensor([min(length, context) for length in full])
        longest = int(lengths.max()) if isinstance(self.text, TextTower) else context
        ids = tokenizer(list(texts), context_length=context)[:, :longest]
        mask = torch.arange(longest) < lengths[:, None]
        inner = torch.arange(longest) < lengths[:, None] - 1
        special = ~inner
        special[:, 0] = True
        words = tuple(
            self._words(row.tolist(), flags.tolist())
            for row, flags in zip(ids, special, strict=True)
        )
        return Tokens(ids, mask, special, words, tuple(length > context for length in full))

    @property
    def context(self) -> int:
        """Longest caption, in tokens; a text tower of transformers may not say."""
        text = getattr(self.model, "text", self.model)
        own = getattr(self._tokenizer, "context_length", None)
        return int(own or text.context_length or DEFAULT_CONTEXT_LENGTH)

    def _words(self, ids: list[int], special: list[bool]) -> tuple[Any, ...]:
        decoder = self.tokenizer.decoder
        pieces = [None if flag else decoder[i] for i, flag in zip(ids, special, strict=True)]
        return clip_words(pieces, self.tokenizer.decode, ids)


class OpenCLIPBlock(Block):
    """One `ResidualAttentionBlock`."""

    def __init__(self, block: ResidualAttentionBlock) -> None:
        self.block: Any = block

    def __call__(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        """The block on every token; all inputs share one causal mask."""
        mask = None if attention_mask is None else attention_mask[0, 0]
        output: Tensor = self.block(hidden, attn_mask=mask)
        return output

    def attention_norm(self, hidden: Tensor) -> Tensor:
        """The norm before the attention."""
        normed: Tensor = self.block.ln_1(hidden)
        return normed

    def attention(self) -> Attention:
        """The attention's weights, which `MultiheadAttention` keeps in one tensor."""
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


class VisionTower(TransformerTower[Pixels]):
    """open_clip's `VisionTransformer`; CLS or the mean of the patches is pooled."""

    def __init__(self, visual: VisionTransformer) -> None:
        self._visual: Any = visual
        super().__init__([OpenCLIPBlock(block) for block in visual.transformer.resblocks])

    def embed(self, inputs: Pixels) -> State:
        """Patches, CLS and positions, normalised once."""
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
            grid=tuple(visual.grid_size),
        )

    def pool(self, state: State) -> Tensor:
        """Norm, pooling and projection."""
        pooled: Tensor = self._visual._pool(state.hidden)[0] @ self._visual.proj
        return pooled


class TextTower(TransformerTower[Tokens]):
    """The text half of open_clip's `CLIP`; causal, the end token is pooled."""

    def __init__(self, model: open_clip.CLIP) -> None:
        self._model: Any = model
        super().__init__([OpenCLIPBlock(block) for block in model.transformer.resblocks])

    def embed(self, inputs: Tokens) -> State:
        """Token embeddings and positions."""
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
            grid=None,
            attention_mask=model.attn_mask[None, None, :length, :length].to(dtype),
        )

    def pool(self, state: State) -> Tensor:
        """Norm and projection of the end token."""
        model = self._model
        pooled: Tensor = model.ln_final(take_pooled(state))
        if isinstance(model.text_projection, nn.Linear):
            projected: Tensor = model.text_projection(pooled)
            return projected
        return pooled if model.text_projection is None else pooled @ model.text_projection


def _tokenize_hf(tokenizer: HFTokenizer, texts: Sequence[str]) -> Tokens:
    """Captions through a tokenizer of transformers, cleaned as open_clip cleans them."""
    cleaned = [tokenizer.clean_fn(text) for text in texts]
    tokens = tokenize(tokenizer.tokenizer, cleaned, tokenizer.context_length, pad=True)
    return replace(tokens, ids=tokenizer(list(texts)))  # some lack the separator


def _plain_image(model: Any) -> bool:
    """Whether the image tower is a plain transformer that pools CLS or the mean."""
    visual = model.visual
    return (
        isinstance(visual, VisionTransformer)
        and visual.attn_pool is None
        and visual.pool_type in ("tok", "avg")
        and not visual.output_tokens
        and _plain_blocks(visual.transformer)
    )


def _plain_text(model: Any) -> bool:
    """Whether the text tower is CLIP's own: causal, pooled at the end token."""
    return (
        isinstance(model, open_clip.CLIP)
        and model.text_pool_type in ("argmax", "eos")
        and model.attn_mask is not None
        and _plain_blocks(model.transformer)
    )


def _plain_blocks(transformer: Any) -> bool:
    return all(isinstance(block, ResidualAttentionBlock) for block in transformer.resblocks)
