"""Noise that belongs to a pair: the same whatever batch the pair is in, on whatever device."""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import Pixels, Tokens


def pair_seeds(pixels: Pixels, tokens: Tokens, seed: int) -> list[int]:
    """Returns one seed per pair, from what the pair contains.

    Args:
        pixels: The images.
        tokens: The captions; padding does not count.
        seed: The run's seed.

    Returns:
        63-bit integers.
    """
    seeds = []
    for index, (ids, mask) in enumerate(zip(tokens.ids, tokens.mask, strict=True)):
        digest = hashlib.sha256(str(seed).encode())
        digest.update(pixels.of(index).float().cpu().contiguous().numpy().tobytes())
        digest.update(ids[mask].cpu().numpy().tobytes())
        seeds.append(int.from_bytes(digest.digest()[:8], "big") >> 1)
    return seeds


class PairNoise:
    """Draws standard normal noise for each pair from the pair's own stream.

    Args:
        seeds: One per pair.
        lengths: Tokens of each pair, padding left out.
        copies: Noisy copies per pair.
        like: A tensor `[B, N, C]` that gives shape, type and device.
        antithetic: Whether the second half of the copies is minus the first.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        lengths: Sequence[int],
        copies: int,
        like: Tensor,
        *,
        antithetic: bool,
    ) -> None:
        # Drawn on the CPU, because devices' generators differ.
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._lengths = lengths
        self._copies = copies
        self._like = like
        self._antithetic = antithetic

    def __call__(self) -> Tensor:
        """Returns the next noise, `[B, copies, N, C]`; 0 at padding."""
        batch, tokens, width = self._like.shape
        noise = torch.zeros(batch, self._copies, tokens, width)
        drawn = self._copies // 2 if self._antithetic else self._copies
        for row, generator, length in zip(noise, self._generators, self._lengths, strict=True):
            row[:drawn, :length] = torch.randn(drawn, length, width, generator=generator)
        if self._antithetic:
            noise[:, drawn:] = -noise[:, :drawn]
        return noise.to(self._like.device, self._like.dtype)
