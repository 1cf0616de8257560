"""Every kind of tower that open_clip has, shrunk."""

import json
from itertools import count

import open_clip
import timm
from transformers import M2M100Config, MT5Config, RobertaConfig, XLMRobertaConfig

from tests.adapters.tiny_hf import randomise
from vlminterp.adapters.open_clip import OpenCLIP

CONTEXT, VOCABULARY, LARGEST = 12, 120, 119
VIT = {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32, "heads": 2, "layers": 3}
CUSTOM = {"custom_text": True}
COCA = {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32, "heads": 2, "layers": 2}
SIGLIP = TEXT | {"no_causal_mask": True, "proj_bias": True, "pool_type": "last"}


_NUMBERS = count()  # timm wants names that are new
BLOCKS = {"depth": 3, "embed_dim": 32, "num_heads": 2}


def timm_tower(name, size, pool="", projection="linear", **shrunk):
    """A timm model of few and narrow blocks, under a name of its own."""

    def make(pretrained=False, **options):
        return timm.create_model(name, pretrained=False, **shrunk, **options)

    make.__name__ = f"tiny{next(_NUMBERS)}_{name}"
    make.__module__ = __name__
    timm.models.register_model(make)
    tower = {"timm_model_name": make.__name__, "timm_model_pretrained": False, "image_size": size}
    return tower | {"timm_pool": pool, "timm_proj": projection}


KINDS = {
    "ViT": (VIT, TEXT, {}),
    "ViT, mean": (VIT | {"pool_type": "avg", "final_ln_after_pool": True}, TEXT, {}),
    "ViT, layer scale": (VIT | {"ls_init_value": 0.5}, TEXT, {}),
    "not square": (VIT | {"image_size": (24, 40)}, TEXT, {}),
    "attention pooling": (VIT | {"attentional_pool": True, "attn_pooler_heads": 2}, TEXT, {}),
    "ResNet": (
        {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
        TEXT,
        {},
    ),
    "CLIPA": (VIT, TEXT | {"no_causal_mask": True, "pool_type": "last"}, {}),
    "end token": (VIT, TEXT | {"pool_type": "eos", "eos_id": LARGEST}, {}),
    "custom text": (VIT, TEXT, CUSTOM),
    "bidirectional": (VIT, TEXT | {"no_causal_mask": True}, CUSTOM),
    "SigLIP": (
        timm_tower("vit_base_patch16_siglip_224", 32, "map", "none", img_size=32, **BLOCKS),
        SIGLIP,
        CUSTOM | {"init_logit_bias": -10, "embed_dim": 32},
    ),
    "EVA": (
        timm_tower("eva02_tiny_patch14_224", 56, "token", None, img_size=56, **BLOCKS),
        TEXT,
        CUSTOM,
    ),
    "PE": (
        timm_tower("vit_pe_core_tiny_patch16_384", 64, "map", None, img_size=64, **BLOCKS),
        TEXT,
        CUSTOM,
    ),
    "registers": (
        timm_tower("vit_small_patch14_reg4_dinov2", 56, "token", None, img_size=56, **BLOCKS),
        TEXT,
        CUSTOM,
    ),
    "relative positions": (
        timm_tower("vit_relpos_small_patch16_224", 64, img_size=64, **BLOCKS),
        TEXT,
        {},
    ),
    "ConvNeXt": (
        timm_tower("convnext_atto", 64, depths=(1, 1, 1, 1), dims=(8, 8, 16, 16)),
        TEXT,
        {},
    ),
    "Swin": (
        timm_tower(
            "swin_tiny_patch4_window7_224",
            64,
            img_size=64,
            window_size=2,
            depths=(1, 1, 1, 1),
            embed_dim=8,
            num_heads=(1, 1, 2, 2),
        ),
        TEXT,
        {},
    ),
    "FastViT": (
        timm_tower("fastvit_t8", 64, "avg", None, layers=(1, 1, 1, 1), embed_dims=(8, 16, 16, 32)),
        TEXT,
        CUSTOM,
    ),
    "ViTamin": (timm_tower("vitamin_small_224", 64, img_size=64, depth=2), TEXT, CUSTOM),
    "CoCa": (
        VIT | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
        TEXT | {"embed_cls": True, "output_tokens": True},
        {"multimodal_cfg": COCA, "custom_text": True},
    ),
}
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "vocab_size": VOCABULARY,
    "pad_token_id": 0,
    "max_position_embeddings": CONTEXT + 2,
}
HF_TEXT = {
    "RoBERTa, mean": (RobertaConfig(**SMALL), {"hf_pooler_type": "mean_pooler"}),
    "XLM-R, CLS": (XLMRobertaConfig(**SMALL), {"hf_pooler_type": "cls_pooler"}),
    "mT5": (
        MT5Config(d_model=32, d_ff=48, d_kv=16, num_layers=3, num_heads=2, vocab_size=VOCABULARY),
        {"hf_pooler_type": "mean_pooler"},
    ),
    "NLLB": (
        M2M100Config(
            d_model=32,
            encoder_layers=3,
            encoder_attention_heads=2,
            encoder_ffn_dim=48,
            vocab_size=VOCABULARY,
            pad_token_id=0,
            max_position_embeddings=CONTEXT + 2,
        ),
        {"hf_pooler_type": "cls_pooler", "hf_proj_type": "linear"},
    ),
}


def build(vision, text, more, tmp_path, weights=randomise):
    """As open_clip builds it, from a config file of its own."""
    config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text} | more
    (tmp_path / "tiny-for-tests.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path)
    model = open_clip.create_model("tiny-for-tests", pretrained_hf=False)
    return OpenCLIP(weights(model.double()))
