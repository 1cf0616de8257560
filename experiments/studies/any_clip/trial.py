"""Tests one encoder with random weights, on random pixels and ids."""

from typing import Any

import torch
from timm.models.fastvit import FastVit
from torch import nn
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from vlminterp.adapters.dual_encoder import (
    EMBEDDINGS,
    DualEncoder,
    Geometry,
    Layer,
    Pixels,
    Tokens,
    Tower,
    Word,
)
from vlminterp.adapters.law import least_drop, measure_law
from vlminterp.attribution.explanation import Side

LENGTH = 7
"""Length of the random captions, end token included."""
Result = dict[str, Any]


@torch.no_grad()
def enlivened(model: nn.Module) -> nn.Module:
    """Redraws weights so that a signal survives: many default ones make all inputs alike.

    Convolutions get smaller ones, and FastViT's keep their own, since nothing normalises the sum of
    its branches. Layer scales of 10⁻⁵ (`gamma`) and norms of 0, under which no block does anything,
    become 1.
    """
    kept = {id(w) for m in model.modules() if isinstance(m, FastVit) for w in m.parameters()}
    for weight in model.parameters():
        if weight.ndim > 1 and id(weight) not in kept:
            gain = 0.7 if weight.ndim == 4 else 1.0
            weight.normal_(std=gain * weight[0].numel() ** -0.5)
    for name, weight in model.named_parameters():
        if name.endswith("gamma") or (name.endswith("weight") and not weight.any()):
            nn.init.ones_(weight)
    return model


def random_pixels(size: tuple[int, int], seed: int) -> Pixels:
    """Returns a picture of noise, brighter for higher seeds: some towers average noise away."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(1, 3, *size, generator=generator) + seed
    return Pixels(values, (Geometry(size, (0, 0, size[1], size[0])),))


def random_tokens(width: int, vocabulary: int, end: int, padding: int, seed: int) -> Tokens:
    """Returns a caption of random ids, each a word, which ends early and is padded.

    Args:
        width: Length with padding.
        vocabulary: Upper bound of the ids.
        end: Id of the end token.
        padding: Id of the padding.
        seed: Seed of the ids.
    """
    generator = torch.Generator().manual_seed(seed)
    ids = torch.full((1, width), padding)
    ids[0, : LENGTH - 1] = torch.randint(4, vocabulary - 4, (LENGTH - 1,), generator=generator)
    ids[0, LENGTH - 1] = end
    mask = (torch.arange(width) < LENGTH)[None]
    special = ~mask
    special[0, LENGTH - 1] = True
    words = tuple(Word(f"word {at}", at, at + 1, (at, at + 1)) for at in range(LENGTH - 1))
    return Tokens(ids, mask, special, (words,), (False,))


def whole_trial(
    encoder: DualEncoder, pixels: tuple[Pixels, Pixels], tokens: tuple[Tokens, Tokens]
) -> Result:
    """Tests the law at every cut, what each block moves, a short M2IB on both sides, bfloat16."""
    sides: dict[str, tuple[Tower[Any], Any, Any]] = {
        "image": (encoder.vision, *pixels),
        "text": (encoder.text, *tokens),
    }
    found: Result = {}
    for side, (tower, first, second) in sides.items():
        law = measure_law(tower, first, second)
        explainer = M2IB(encoder, Side(side), Settings(steps=2, copies=2))
        explained = explainer.attribute(pixels[0], tokens[0])
        state = tower.prefix(first, 0)
        found[side] = {
            "tower": type(tower).__name__,
            "depth": tower.depth,
            "cuts": law.cuts,
            "error": law.error,
            "leak": law.leak,
            "apart": law.apart,
            "drop": least_drop(tower, first),
            "grid": state.grids[0] if state.grids else None,
            "pools": "one token" if state.pooled is not None else "several",
            "m2ib": bool(torch.isfinite(explained.scores).all()),
        }
    return found | {"bfloat16": in_bfloat16(encoder, pixels[0], tokens[0])}


def short_trial(tower: Tower[Any], first: Any) -> Result:
    """Tests the law before all blocks, in the middle, and after the last."""
    with torch.no_grad():
        whole = tower.encode(first)
        layers: list[Layer] = [EMBEDDINGS, tower.depth // 2, tower.depth - 1]
        pieces = [tower.suffix(tower.prefix(first, layer)) for layer in layers]
    return {"cuts": 3, "error": max(float((piece - whole).abs().max()) for piece in pieces)}


@torch.no_grad()
def in_bfloat16(encoder: Any, pixels: Pixels, tokens: Tokens) -> float:
    """Returns the lower of both embeddings' cosines between bfloat16 and float32.

    Converts the model itself to bfloat16, so it must be the last test.
    """
    exact = encoder.encode_image(pixels), encoder.encode_text(tokens)
    encoder.model.to(torch.bfloat16)
    rough = encoder.encode_image(pixels), encoder.encode_text(tokens)
    return min(float((a * b).sum()) for a, b in zip(exact, rough, strict=True))
