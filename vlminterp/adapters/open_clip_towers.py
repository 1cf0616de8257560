"""Facts of open_clip's towers for replaying them: where their blocks are, which token they pool."""

from collections.abc import Sequence
from typing import Any

import open_clip
from open_clip.hf_model import ClsLastHiddenStatePooler, ClsPooler, HFTextEncoder
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import TextTransformer, VisionTransformer
from torch import Tensor, nn

from vlminterp.adapters.replay import StreamLayout, find_blocks
from vlminterp.adapters.replay_towers import (
    ImageFacts,
    PoolAt,
    ReplayText,
    ReplayVision,
    at_first,
    at_id,
    at_largest_id,
    at_last_position,
)
from vlminterp.errors import ModelError


def replayed_image(model: Any) -> ReplayVision:
    """Returns the image tower of any open_clip model.

    Raises:
        ModelError: It is of a kind that open_clip did not have when this was written.
    """
    visual = model.visual
    if isinstance(visual, VisionTransformer):
        blocks = _listed(visual.transformer.resblocks)
        facts = ImageFacts(
            size=tuple(visual.image_size),
            prefix_tokens=1,
            pools_first=visual.attn_pool is None and visual.pool_type == "tok",
            patch=tuple(visual.patch_size),
        )
    elif isinstance(visual, ModifiedResNet):
        blocks = [visual.layer1, visual.layer2, visual.layer3, visual.layer4]
        size = (visual.image_size, visual.image_size)
        facts = ImageFacts(size=size, layout=StreamLayout.channels_first)
    elif isinstance(visual, TimmModel):
        blocks, facts = _timm(visual.trunk, tuple(visual.image_size))
    else:
        raise ModelError(f"an image tower of open_clip's type {type(visual).__name__} is not known")
    return ReplayVision(model.encode_image, blocks, facts)


def replayed_text(model: Any) -> ReplayText:
    """Returns the text tower of any open_clip model.

    Captions are padded to the whole context where the model takes no shorter ones.

    Raises:
        ModelError: It is of a kind that open_clip did not have when this was written.
    """

    def encode(ids: Tensor, mask: Tensor) -> Tensor:
        """Embeds captions without a mask: open_clip tells padding by its id, or reads it."""
        embedding: Tensor = model.encode_text(ids)
        return embedding

    text = getattr(model, "text", model)
    if isinstance(text, HFTextEncoder):
        first = isinstance(text.pooler, ClsPooler | ClsLastHiddenStatePooler)
        return ReplayText(
            encode, find_blocks(text.transformer), pool_at=at_first if first else None
        )
    if isinstance(text, TextTransformer):
        pool_type, eos, own = text.pool_type, text.eos_id, text.cls_emb is not None
        masks_padding = text.use_pad_mask or own
    elif isinstance(text, open_clip.CLIP):
        pool_type, eos, own, masks_padding = text.text_pool_type, text.text_eos_id, False, False
    else:
        raise ModelError(f"a text tower of open_clip's type {type(text).__name__} is not known")
    causal = text.attn_mask is not None
    return ReplayText(
        encode,
        list(text.transformer.resblocks),
        pool_at=_behind if own else _pool_at(pool_type, eos),
        context=text.context_length,
        sees_padding=not masks_padding and not (causal and pool_type in ("argmax", "eos")),
    )


def _timm(trunk: Any, size: tuple[int, int]) -> tuple[Sequence[nn.Module], ImageFacts]:
    """Returns a timm model's blocks and facts.

    A transformer has `blocks`, a pyramid `stages` or `layers`.
    """
    if hasattr(trunk, "blocks"):
        stem = trunk.patch_embed
        return _listed(trunk.blocks), ImageFacts(
            size=size,
            prefix_tokens=trunk.num_prefix_tokens,
            pools_first=trunk.global_pool == "token",
            patch=None if hasattr(stem, "backbone") else tuple(stem.patch_size),
            grid=tuple(stem.grid_size),
        )
    last = str(getattr(trunk, "output_fmt", "NCHW")).endswith("NHWC")
    blocks = _listed(trunk.stages if hasattr(trunk, "stages") else trunk.layers)
    layout = StreamLayout.channels_last if last else StreamLayout.channels_first
    return blocks, ImageFacts(size=size, layout=layout)


def _listed(blocks: nn.Module) -> Sequence[nn.Module]:
    return list(blocks.children())


def _pool_at(pool_type: str, eos: int) -> PoolAt | None:
    if pool_type == "eos":
        return at_id(eos)
    return {"argmax": at_largest_id, "last": at_last_position, "first": at_first}.get(pool_type)


def _behind(ids: Tensor, mask: Tensor) -> Tensor:
    """Returns the position of the token that CoCa's tower adds behind the caption."""
    return at_last_position(ids, mask) + 1
