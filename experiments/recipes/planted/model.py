"""The architecture of the planted VLMs: a small `CLIPModel`, and how it embeds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPTokenizer

from experiments.recipes.planted.tokenizer import MAX_TOKENS, save_tokenizer
from vlminterp.planted.scenes import SIZE

WIDTH, HEADS, PATCH, PROJECTION = 96, 4, 16, 128
VISION_BLOCKS, TEXT_BLOCKS = 6, 3
PATCHES = (SIZE // PATCH) ** 2


def new_model(tokenizer: CLIPTokenizer, seed: int) -> CLIPModel:
    """Returns a model with random weights."""
    size = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_attention_heads": HEADS,
        "projection_dim": PROJECTION,
    }
    text = {
        "vocab_size": len(tokenizer),
        "num_hidden_layers": TEXT_BLOCKS,
        "max_position_embeddings": MAX_TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {"num_hidden_layers": VISION_BLOCKS, "image_size": SIZE, "patch_size": PATCH}
    torch.manual_seed(seed)
    return CLIPModel(
        CLIPConfig(text_config=size | text, vision_config=size | vision, projection_dim=PROJECTION)
    )


def to_pixels(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Preprocesses pictures of the model's own size as the shipped preprocessor does.

    Args:
        images: B pictures, uint8 `[SIZE, SIZE, 3]`.

    Returns:
        Pixels, float32 `[B, 3, SIZE, SIZE]`, in −1…1.
    """
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def embed_images(model: CLIPModel, pixels: Tensor, kept: Tensor | None = None) -> Tensor:
    """Embeds pictures, from all or some of their patches.

    Args:
        model: The VLM.
        pixels: Pixels, `[B, 3, SIZE, SIZE]`.
        kept: Indices of the patches that are seen, `[B, n]`; None for all.

    Returns:
        Unit vectors, `[B, D]`.
    """
    tower = model.vision_model
    hidden = tower.embeddings(pixels)  # [B, 1 + N, C]
    if kept is not None:
        seen = torch.cat([torch.zeros(len(kept), 1, dtype=kept.dtype), kept + 1], dim=1)
        hidden = hidden.gather(1, seen[..., None].expand(-1, -1, hidden.shape[-1]))
    hidden = tower.encoder(inputs_embeds=tower.pre_layrnorm(hidden)).last_hidden_state
    return normalize(model.visual_projection(tower.post_layernorm(hidden[:, 0])), dim=-1)


def embed_texts(model: CLIPModel, tokenizer: CLIPTokenizer, texts: Sequence[str]) -> Tensor:
    """Returns the unit embeddings of captions, `[B, D]`."""
    tokens = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    pooled = model.text_model(**tokens).pooler_output
    return normalize(model.text_projection(pooled), dim=-1)


def save(model: CLIPModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Writes the model as a Hugging Face `CLIPModel` directory."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    CLIPImageProcessor(
        size={"shortest_edge": SIZE},
        crop_size={"height": SIZE, "width": SIZE},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    ).save_pretrained(folder)
