"""Noise that belongs to a pair: the same whatever batch the pair is in."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import count

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import Pixels, Tokens
from vlminterp.attribution.counted_noise import standard_normal


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

    The CPU's noise comes from a generator for each pair, that of other devices from counters: it is
    drawn there, since millions of numbers a map would take longer to copy than to use.

    Args:
        seeds: One per pair.
        lengths: Tokens of each pair, padding left out.
        copies: Noisy copies per pair.
        like: A tensor `[B, N, C]` that gives shape, type and device.
        antithetic: Whether the second half of the copies is minus the first.
        counted: Whether noise comes from counters; by default where `like` is not on the CPU.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        lengths: Sequence[int],
        copies: int,
        like: Tensor,
        *,
        antithetic: bool,
        counted: bool | None = None,
    ) -> None:
        self._lengths = lengths
        self._like = like
        self._antithetic = antithetic
        self._drawn = copies // 2 if antithetic else copies
        if counted if counted is not None else like.device.type != "cpu":
            self._draw = self._from_counters(seeds)
        else:
            self._draw = self._from_generators(seeds)

    def __call__(self) -> Tensor:
        """Returns the next noise, `[B, copies, N, C]`; 0 at padding."""
        noise = next(self._draw)
        if self._antithetic:
            noise = torch.cat([noise, -noise], 1)
        return noise.to(self._like.device, self._like.dtype)

    def _from_generators(self, seeds: Sequence[int]) -> Iterator[Tensor]:
        batch, tokens, width = self._like.shape
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        while True:
            noise = torch.zeros(batch, self._drawn, tokens, width)
            for row, generator, length in zip(noise, generators, self._lengths, strict=True):
                row[:, :length] = torch.randn(self._drawn, length, width, generator=generator)
            yield noise

    def _from_counters(self, seeds: Sequence[int]) -> Iterator[Tensor]:
        _, tokens, width = self._like.shape
        device = self._like.device
        keys = torch.tensor(seeds, dtype=torch.int64, device=device)
        lengths = torch.tensor(self._lengths, device=device)
        inside = torch.arange(tokens, device=device) < lengths[:, None]
        for draw in count():
            noise = standard_normal(keys, draw, self._drawn, tokens, width)
            yield noise * inside[:, None, :, None]
