"""Every kind of tower that open_clip has keeps the law and is explained."""

import json
from copy import deepcopy

import open_clip
import pytest
import timm
import torch
from torch.nn.functional import normalize
from transformers import M2M100Config, MT5Config, RobertaConfig, XLMRobertaConfig
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.tiny_hf import randomise
from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.law import measure_law
from vlminterp.adapters.open_clip import OpenCLIP

CONTEXT, VOCABULARY, LARGEST = 12, 120, 119
VIT = {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8}
TEXT = {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32, "heads": 2, "layers": 3}
CUSTOM = {"custom_text": True}
COCA = {"context_length": CONTEXT, "vocab_size": VOCABULARY, "width": 32, "heads": 2, "layers": 2}
SIGLIP = TEXT | {"no_causal_mask": True, "proj_bias": True, "pool_type": "last"}


BLOCKS = {"depth": 3, "embed_dim": 32, "num_heads": 2}


def timm_tower(name, size, pool="", projection="linear", **shrunk):
    """A timm model of few and narrow blocks, under a name of its own."""

    def make(pretrained=False, **options):
        return timm.create_model(name, pretrained=False, **shrunk, **options)

    make.__name__ = f"tiny_{name}"
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


def build(vision, text, more, tmp_path):
    """As open_clip builds it, from a config file of its own."""
    config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text} | more
    (tmp_path / "tiny-for-tests.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path)
    model = open_clip.create_model("tiny-for-tests", pretrained_hf=False)
    return OpenCLIP(randomise(model.double()))


@pytest.fixture(scope="module", params=[*KINDS, *HF_TEXT])
def encoder(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("configs")
    if request.param in KINDS:
        return build(*deepcopy(KINDS[request.param]), folder)
    config, options = HF_TEXT[request.param]
    config.save_pretrained(folder / "text")
    text = {"hf_model_name": str(folder / "text"), "hf_tokenizer_name": "", **options}
    return build(VIT, text, {}, folder)


def pixels_of(encoder, seed=0):
    size = encoder.model.visual.image_size
    size = size if isinstance(size, tuple | list) else (size, size)
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(2, 3, *size, generator=generator, dtype=torch.float64) * 2 - 1
    return Pixels(values, (Geometry(tuple(size), (0, 0, size[1], size[0])),) * 2)


def tokens_of(encoder, seed=0, length=7):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.zeros(2, CONTEXT, dtype=torch.long)
    ids[:, :length] = torch.randint(3, VOCABULARY - 2, (2, length), generator=generator)
    ids[:, length - 1] = LARGEST
    mask = (torch.arange(CONTEXT) < length).expand(2, CONTEXT)
    return Tokens(ids, mask, ~mask, ((), ()), (False, False))


def test_law_at_every_cut(encoder):
    sides = (
        (encoder.vision, pixels_of(encoder), pixels_of(encoder, seed=1)),
        (encoder.text, tokens_of(encoder), tokens_of(encoder, seed=1)),
    )
    for tower, first, second in sides:
        law = measure_law(tower, first, second)
        assert law.cuts == tower.depth + 1 >= 3
        assert law.error < 1e-12
        assert law.leak < 1e-12
        assert law.apart > 1e-3


def test_encode_is_the_models_own(encoder):
    pixels, tokens = pixels_of(encoder), tokens_of(encoder)
    image = normalize(encoder.model.encode_image(pixels.values), dim=-1)
    text = normalize(encoder.model.encode_text(tokens.ids), dim=-1)
    torch.testing.assert_close(encoder.encode_image(pixels), image, rtol=0, atol=1e-12)
    torch.testing.assert_close(encoder.encode_text(tokens), text, rtol=0, atol=1e-12)


@pytest.mark.parametrize("side", ["image", "text"])
def test_m2ib_explains_it(encoder, side):
    found = M2IB(encoder, side, Settings(steps=2, copies=2)).attribute(
        pixels_of(encoder), tokens_of(encoder)
    )
    assert torch.isfinite(found.scores).all()
    if side == "image":
        rows, columns = found.grid
        assert found.maps().shape == (2, rows, columns)
        assert rows > 1
