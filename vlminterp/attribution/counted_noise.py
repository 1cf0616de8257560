"""Random numbers computed from counters, on any device: Philox4x32-10 (Salmon et al., SC 2011).

A generator has a state, so that noise from it is drawn number after number, pair after pair, and
only on the device that it belongs to. Here a number depends on its place alone: one call draws the
noise of a whole batch where it is needed, and nothing is copied there.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_WORD = 0xFFFFFFFF
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_TOKENS = 2**20
"""More tokens than any input has: so far apart are the counters of two copies."""


def philox(counter: Sequence[Tensor], key: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Returns four random words for each counter.

    Args:
        counter: Four words of 32 bits each, int64, of shapes that broadcast.
        key: Two words, likewise.

    Returns:
        Four tensors of words, evenly distributed over 0 … 2³² − 1.
    """
    first, second, third, fourth = counter
    left, right = key
    for number in range(_ROUNDS):
        if number:
            left, right = (
                (half + step) & _WORD for half, step in zip((left, right), _WEYL, strict=True)
            )
        # The product wraps around, and its bits are those of the unsigned one.
        low, high = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        first, second, third, fourth = (
            (high >> 32 & _WORD) ^ second ^ left,
            high & _WORD,
            (low >> 32 & _WORD) ^ fourth ^ right,
            low & _WORD,
        )
    return first, second, third, fourth


def standard_normal(seeds: Tensor, draw: int, copies: int, tokens: int, width: int) -> Tensor:
    """Draws standard normal noise, which depends on a pair's seed and on the place alone.

    Args:
        seeds: A seed of 63 bits for each pair, int64 `[B]`, on the device that draws.
        draw: Number of the draw, 0, 1, …: each has noise of its own.
        copies: Copies of each pair.
        tokens: Tokens of each copy.
        width: Numbers for each token.

    Returns:
        float32 `[B, copies, tokens, width]`. More pairs, copies, tokens or numbers change none of
        the others.
    """
    device = seeds.device
    blocks = -(-width // 4)
    row = torch.arange(copies, device=device)[:, None] * _TOKENS + torch.arange(
        tokens, device=device
    )
    block = torch.arange(blocks, device=device)
    key = [(seeds >> shift & _WORD).view(-1, 1, 1, 1) for shift in (0, 32)]
    zero = torch.zeros((), dtype=torch.int64, device=device)
    words = philox((block, row[None, :, :, None], zero + draw, zero), key)
    normals = [*_normals(*words[:2]), *_normals(*words[2:])]
    noise = torch.stack(normals, -1).flatten(-2)
    return noise[..., :width]


def _normals(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Turns evenly distributed words into normal numbers (Box and Muller, 1958)."""
    # 24 bits, the middle of each interval: never 0, and exact in float32
    radius = ((first >> 8).float() + 0.5) * 2.0**-24
    angle = (second >> 8).float() * (2 * math.pi * 2.0**-24)
    length = (-2 * radius.log()).sqrt()
    return length * angle.cos(), length * angle.sin()
