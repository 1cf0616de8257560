"""The same weights through both backends: SigLIP, and a CLIP with a text tower of transformers.

CLIP itself is in `test_law.py` and `tests/m2ib`.
"""

import pytest
import torch
from transformers import BertConfig, ChineseCLIPModel, SiglipModel
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from tests.adapters.tiny_hf import SIZE, TEXT, randomise, tiny_config
from tests.adapters.tiny_open_clip import BLOCKS, CUSTOM, VIT, build, timm_tower
from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.hf.chinese_clip import HFChineseCLIP
from vlminterp.adapters.hf.siglip import HFSigLIP

CONTEXT, LENGTH = 16, 7
KINDS = ("weight", "bias")


def renamed(weights, names):
    """Tensors under new names, weight and bias alike."""
    return {
        f"{new}.{kind}": weights[f"{old}.{kind}"]
        for new, old in names.items()
        for kind in KINDS
        if f"{old}.{kind}" in weights
    }


def joined(weights, old, kind):
    return torch.cat([weights[f"{old}.self_attn.{part}_proj.{kind}"] for part in "qkv"])


def open_clip_blocks(weights, old, new, depth):
    """Blocks of transformers' CLIP as open_clip's."""
    tensors = {}
    for i in range(depth):
        here, there = f"{new}.{i}", f"{old}.{i}"
        names = {
            f"{here}.ln_1": f"{there}.layer_norm1",
            f"{here}.ln_2": f"{there}.layer_norm2",
            f"{here}.attn.out_proj": f"{there}.self_attn.out_proj",
            f"{here}.mlp.c_fc": f"{there}.mlp.fc1",
            f"{here}.mlp.c_proj": f"{there}.mlp.fc2",
        }
        tensors |= renamed(weights, names)
        tensors |= {f"{here}.attn.in_proj_{kind}": joined(weights, there, kind) for kind in KINDS}
    return tensors


def siglip_as_open_clip(weights):
    image, trunk = "vision_model", "visual.trunk"
    tensors = renamed(
        weights,
        {
            f"{trunk}.patch_embed.proj": f"{image}.embeddings.patch_embedding",
            f"{trunk}.norm": f"{image}.post_layernorm",
            f"{trunk}.attn_pool.proj": f"{image}.head.attention.out_proj",
            f"{trunk}.attn_pool.norm": f"{image}.head.layernorm",
            f"{trunk}.attn_pool.mlp.fc1": f"{image}.head.mlp.fc1",
            f"{trunk}.attn_pool.mlp.fc2": f"{image}.head.mlp.fc2",
            "text.ln_final": "text_model.final_layer_norm",
            "text.text_projection": "text_model.head",
        },
    )
    for i in range(3):
        here, there = f"{trunk}.blocks.{i}", f"{image}.encoder.layers.{i}"
        names = {
            f"{here}.norm1": f"{there}.layer_norm1",
            f"{here}.norm2": f"{there}.layer_norm2",
            f"{here}.attn.proj": f"{there}.self_attn.out_proj",
            f"{here}.mlp.fc1": f"{there}.mlp.fc1",
            f"{here}.mlp.fc2": f"{there}.mlp.fc2",
        }
        tensors |= renamed(weights, names)
        tensors |= {f"{here}.attn.qkv.{kind}": joined(weights, there, kind) for kind in KINDS}
    for kind in KINDS:
        query, key, value = weights[f"{image}.head.attention.in_proj_{kind}"].chunk(3)
        tensors[f"{trunk}.attn_pool.q.{kind}"] = query
        tensors[f"{trunk}.attn_pool.kv.{kind}"] = torch.cat([key, value])
    positions = weights[f"{image}.embeddings.position_embedding.weight"]
    text = "text_model.embeddings"
    return tensors | {
        f"{trunk}.pos_embed": positions[None],
        f"{trunk}.attn_pool.latent": weights[f"{image}.head.probe"],
        "text.token_embedding.weight": weights[f"{text}.token_embedding.weight"],
        "text.positional_embedding": weights[f"{text}.position_embedding.weight"],
        **open_clip_blocks(
            weights, "text_model.encoder.layers", "text.transformer.resblocks", depth=3
        ),
        "logit_scale": weights["logit_scale"].squeeze(),
        "logit_bias": weights["logit_bias"].squeeze(),
    }


def chinese_clip_as_open_clip(weights):
    image = "vision_model.embeddings"
    text = {
        name.replace("text_model.", "text.transformer."): tensor
        for name, tensor in weights.items()
        if name.startswith("text_model.")
    }
    return text | {
        "text.proj.weight": weights["text_projection.weight"],
        "visual.class_embedding": weights[f"{image}.class_embedding"],
        "visual.conv1.weight": weights[f"{image}.patch_embedding.weight"],
        "visual.positional_embedding": weights[f"{image}.position_embedding.weight"],
        "visual.proj": weights["visual_projection.weight"].T,
        "logit_scale": weights["logit_scale"],
        **renamed(
            weights,
            {
                "visual.ln_pre": "vision_model.pre_layrnorm",
                "visual.ln_post": "vision_model.post_layernorm",
            },
        ),
        **open_clip_blocks(
            weights, "vision_model.encoder.layers", "visual.transformer.resblocks", depth=3
        ),
    }


def siglip(tmp_path):
    config = tiny_config("siglip")
    for tower in (config.vision_config, config.text_config):
        tower.hidden_act = "gelu"
        tower.hidden_size, tower.intermediate_size = 32, 128
    config.text_config.projection_size = 32
    theirs = HFSigLIP(randomise(SiglipModel(config).double()))
    vision = timm_tower(
        "vit_base_patch16_siglip_224", SIZE, "map", "none", img_size=SIZE, patch_size=8, **BLOCKS
    )
    text = {
        "context_length": CONTEXT,
        "vocab_size": TEXT["vocab_size"],
        "width": 32,
        "heads": 2,
        "layers": 3,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": 1e-6},
    }
    more = CUSTOM | {"init_logit_bias": -10, "embed_dim": 32}
    return theirs, build(vision, text, more, tmp_path), siglip_as_open_clip


def chinese_clip(tmp_path):
    config = tiny_config("chinese_clip")
    config.vision_config.hidden_size, config.vision_config.intermediate_size = 32, 128
    config.projection_dim = 24
    theirs = HFChineseCLIP(randomise(ChineseCLIPModel(config).double()))
    options = {key: value for key, value in TEXT.items() if key != "eos_token_id"}
    BertConfig(**options).save_pretrained(tmp_path / "text")
    text = {
        "hf_model_name": str(tmp_path / "text"),
        "hf_tokenizer_name": "",
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "hf_proj_type": "linear",
    }
    more = {"quick_gelu": True}
    return theirs, build(VIT, text, more, tmp_path), chinese_clip_as_open_clip


@pytest.fixture(params=[siglip, chinese_clip], ids=["SigLIP", "Chinese-CLIP"])
def both(request, tmp_path):
    """The same weights in transformers and in open_clip."""
    theirs, ours, converted = request.param(tmp_path)
    report = ours.model.load_state_dict(converted(theirs.model.state_dict()), strict=False)
    assert not report.unexpected_keys
    assert all("attn_mask" in key or "position_ids" in key for key in report.missing_keys)
    return theirs, ours


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    values = torch.rand(2, 3, SIZE, SIZE, generator=generator, dtype=torch.float64) * 2 - 1
    ids = torch.zeros(2, CONTEXT, dtype=torch.long)
    ids[:, :LENGTH] = torch.randint(3, 97, (2, LENGTH), generator=generator)
    mask = (torch.arange(CONTEXT) < LENGTH).expand(2, CONTEXT)
    pixels = Pixels(values, (Geometry((SIZE, SIZE), (0, 0, SIZE, SIZE)),) * 2)
    return pixels, Tokens(ids, mask, ~mask, ((), ()), (False, False))


def test_embeddings_and_logits_are_the_same(both, inputs):
    pixels, tokens = inputs
    found = [(e.encode_image(pixels), e.encode_text(tokens)) for e in both]
    for first, second in zip(*found, strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=1e-10)
    logits = [e.logits(*pair) for e, pair in zip(both, found, strict=True)]
    torch.testing.assert_close(*logits, rtol=0, atol=1e-8)


@pytest.mark.parametrize("side", ["image", "text"])
def test_heatmaps_are_the_same(both, inputs, side):
    settings = Settings(steps=3, copies=2)
    first, second = (M2IB(encoder, side, settings).attribute(*inputs) for encoder in both)
    torch.testing.assert_close(first.scores, second.scores, rtol=1e-4, atol=1e-6)
