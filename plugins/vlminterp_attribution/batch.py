"""The pairs that methods explain together, with results that several methods share."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens, Tower
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.noise import pair_seeds
from vlminterp.attribution.targets import Score, Similarity, Target


class PairBatch:
    """A batch of B image-text pairs, one side of which is explained.

    Args:
        encoder: The VLM.
        side: The side that is explained.
        pixels: The images.
        tokens: Their captions.
        target: The question that is asked.
        seed: The run's seed.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        side: Side,
        pixels: Pixels,
        tokens: Tokens,
        target: Target,
        seed: int,
    ) -> None:
        self.encoder = encoder
        self.side = side
        self.pixels = pixels
        self.tokens = tokens
        self.target = target
        self.seed = seed
        self.explanations: dict[str, Explanation] = {}

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def tower(self) -> Tower[Any]:
        """The tower that is explained."""
        return self.encoder.vision if self.side is Side.image else self.encoder.text

    @property
    def inputs(self) -> Pixels | Tokens:
        """The inputs of that tower."""
        return self.pixels if self.side is Side.image else self.tokens

    @cached_property
    def score(self) -> Score:
        """The target's score of embeddings of that tower."""
        return self.target.score(self.encoder, self.side, self.pixels, self.tokens)

    @cached_property
    def embedding(self) -> Tensor:
        """The untouched embeddings, `[B, D]`; a method that computes them sets this."""
        with torch.no_grad():
            embedding: Tensor = self.tower.encode(self.inputs)
        return embedding

    @cached_property
    def similarity(self) -> Tensor:
        """Cosine of the untouched pairs, `[B]`, whatever the target is."""
        score = self.score
        if not isinstance(self.target, Similarity):
            score = Similarity().score(self.encoder, self.side, self.pixels, self.tokens)
        return score(self.embedding)

    @cached_property
    def seeds(self) -> list[int]:
        """One seed per pair, from its content and the run's seed."""
        return pair_seeds(self.pixels, self.tokens, self.seed)


class Batches:
    """The last batch of each side, kept so that methods which run side by side share it.

    Args:
        encoder: The VLM.
        target: The question.
        seed: The run's seed.
        options: Options that differ from a method's defaults, by method and name.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        target: Target,
        seed: int,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.encoder = encoder
        self.target = target
        self.seed = seed
        self.options = options or {}
        self._last: dict[Side, PairBatch] = {}

    def forget(self) -> None:
        """Lets go of the last batches and their results."""
        self._last = {}

    def __call__(self, side: Side, pixels: Pixels, tokens: Tokens) -> PairBatch:
        """Returns the batch of these inputs: the last one if they are the same objects."""
        last = self._last.get(side)
        if last is None or last.pixels is not pixels or last.tokens is not tokens:
            last = PairBatch(self.encoder, side, pixels, tokens, self.target, self.seed)
            self._last[side] = last
        return last
