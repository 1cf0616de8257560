"""Tiny models in the real file formats: the same weights, as transformers and open_clip write."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from vlminterp.adapters.registry import load_encoder
from vlminterp.adapters.settings import ModelConfig, Precision

SIZE, PATCH, WIDTH, TEXT_WIDTH, EMBEDDING, CONTEXT = 64, 16, 48, 32, 24, 20
VISION_BLOCKS, TEXT_BLOCKS = 4, 3
VISION_HEADS, TEXT_HEADS = WIDTH // 16, TEXT_WIDTH // 16
VOCABULARY, EOS = 49408, 49407


def pytest_collection_modifyitems(items):
    """Puts files with slow tests first: of several processes, none waits long for the last."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def hf_model():
    """A random `CLIPModel` whose blocks all matter."""
    config = CLIPConfig(
        projection_dim=EMBEDDING,
        vision_config={
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_hidden_layers": VISION_BLOCKS,
            "num_attention_heads": VISION_HEADS,
            "image_size": SIZE,
            "patch_size": PATCH,
        },
        text_config={
            "hidden_size": TEXT_WIDTH,
            "intermediate_size": 2 * TEXT_WIDTH,
            "num_hidden_layers": TEXT_BLOCKS,
            "num_attention_heads": TEXT_HEADS,
            "max_position_embeddings": CONTEXT,
            "vocab_size": VOCABULARY,
            "bos_token_id": EOS - 1,
            "eos_token_id": EOS,
            "pad_token_id": EOS,
        },
    )
    generator = torch.Generator().manual_seed(0)
    model = CLIPModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "logit_scale":
                spread = 0.3 if parameter.ndim < 2 else 1.2 * parameter[0].numel() ** -0.5
                noise = torch.randn(parameter.shape, generator=generator) * spread
                parameter.copy_(noise + ("norm" in name and name.endswith("weight")))
    return model.eval()


@pytest.fixture(scope="session")
def hf_folder(hf_model, tmp_path_factory) -> Path:
    """The model as the hub lays it out, with CLIP's own vocabulary."""
    folder = tmp_path_factory.mktemp("models") / "hf"
    hf_model.save_pretrained(folder)
    bpe = open_clip.SimpleTokenizer()
    merges, vocabulary = list(bpe.bpe_ranks), bpe.encoder
    renamed = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {renamed.get(piece, piece): i for piece, i in vocabulary.items()}
    CLIPTokenizer(vocabulary, merges, model_max_length=CONTEXT).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size={"height": SIZE, "width": SIZE}
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def open_clip_folder(hf_model, tmp_path_factory) -> Path:
    """The same weights as open_clip lays them out."""
    folder = tmp_path_factory.mktemp("models") / "open_clip"
    folder.mkdir()
    model_config = {
        "embed_dim": EMBEDDING,
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": SIZE,
            "layers": VISION_BLOCKS,
            "width": WIDTH,
            "head_width": WIDTH // VISION_HEADS,
            "patch_size": PATCH,
            "mlp_ratio": 2.0,
        },
        "text_cfg": {
            "context_length": CONTEXT,
            "vocab_size": VOCABULARY,
            "width": TEXT_WIDTH,
            "heads": TEXT_HEADS,
            "layers": TEXT_BLOCKS,
            "mlp_ratio": 2.0,
        },
    }
    preprocessing = {
        "size": SIZE,
        "mean": open_clip.OPENAI_DATASET_MEAN,
        "std": open_clip.OPENAI_DATASET_STD,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    config = {"model_cfg": model_config, "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file(_as_open_clip(hf_model.state_dict()), folder / "open_clip_model.safetensors")
    return folder


def _as_open_clip(weights):
    """Renames and joins tensors."""
    tensors = {
        "logit_scale": weights["logit_scale"],
        "positional_embedding": weights["text_model.embeddings.position_embedding.weight"],
        "token_embedding.weight": weights["text_model.embeddings.token_embedding.weight"],
        "text_projection": weights["text_projection.weight"].T,
        "visual.class_embedding": weights["vision_model.embeddings.class_embedding"],
        "visual.conv1.weight": weights["vision_model.embeddings.patch_embedding.weight"],
        "visual.positional_embedding": weights["vision_model.embeddings.position_embedding.weight"],
        "visual.proj": weights["visual_projection.weight"].T,
    }
    norms = {
        "ln_final": "text_model.final_layer_norm",
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
    }
    towers = {
        "": ("text_model", TEXT_BLOCKS),
        "visual.": ("vision_model", VISION_BLOCKS),
    }
    for tower, (source, depth) in towers.items():
        for i in range(depth):
            new, old = f"{tower}transformer.resblocks.{i}", f"{source}.encoder.layers.{i}"
            norms |= {
                f"{new}.ln_1": f"{old}.layer_norm1",
                f"{new}.ln_2": f"{old}.layer_norm2",
                f"{new}.attn.out_proj": f"{old}.self_attn.out_proj",
                f"{new}.mlp.c_fc": f"{old}.mlp.fc1",
                f"{new}.mlp.c_proj": f"{old}.mlp.fc2",
            }
            for kind in ("weight", "bias"):
                tensors[f"{new}.attn.in_proj_{kind}"] = torch.cat(
                    [weights[f"{old}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
                )
    for new, old in norms.items():
        for kind in ("weight", "bias"):
            tensors[f"{new}.{kind}"] = weights[f"{old}.{kind}"]
    return {name: tensor.contiguous().clone() for name, tensor in tensors.items()}


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Smooth random pictures of several shapes."""
    generator = np.random.default_rng(0)
    sizes = [(64, 64), (100, 64), (61, 90), (200, 131)]
    small = [generator.integers(0, 256, (5, 5, 3), dtype=np.uint8) for _ in sizes]
    return [
        Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        for grid, size in zip(small, sizes, strict=True)
    ]


@pytest.fixture(scope="session")
def captions() -> list[str]:
    """Captions of different lengths, as many as `pictures`."""
    return ["a cat", "a photo of a small brown dog", "two birds, one tree", "an owl"]


@pytest.fixture(scope="session")
def load_tiny(hf_folder, open_clip_folder):
    """Loads one of the tiny models, each only once."""
    folders = {"hf": hf_folder, "open-clip": open_clip_folder}

    @cache
    def load(adapter, dtype="float32"):
        config = ModelConfig(adapter, str(folders[adapter]), dtype=Precision(dtype))
        return load_encoder(config, adapter, "cpu")

    return load


@pytest.fixture(scope="session")
def picture_folder(pictures, captions, tmp_path_factory) -> Path:
    """A folder of pictures with their captions, as `data=folder` takes it."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        picture.save(folder / f"{index}.png")
        (folder / f"{index}.txt").write_text(caption)
    return folder
