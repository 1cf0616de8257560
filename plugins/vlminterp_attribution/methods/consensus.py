"""Consensus: the geometric mean of other methods, with how far they agree."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.errors import ConfigError
from vlminterp.metrics.agreement import map_agreement
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Method, Needs
from vlminterp_attribution.options import MEMBERS
from vlminterp_attribution.placing import on_patches, on_words


@dataclass
class ConsensusOptions:
    """Options of the consensus.

    Attributes:
        members: The other methods to combine, at least two.
    """

    members: list[str] = field(default_factory=lambda: list(MEMBERS))

    def __post_init__(self) -> None:
        if len(set(self.members)) < 2 or "consensus" in self.members:
            raise ConfigError(f"members={self.members} must be two or more other methods")


class Consensus(Method):
    """Takes the geometric mean of other methods, each clipped at 0 and scaled to sum 1.

    Each pair also gets the members' `agreement`, the mean rank correlation over pairs of them, and
    the `spread` of the consensus: its entropy as a share of the largest possible one.
    """

    paper = "none; see experiments/studies/methods_truth"
    cost = "that of its members, which are not run twice"
    needs = Needs.attention
    unit = "share"
    Options = ConsensusOptions

    @classmethod
    def sides_with(cls, options: Mapping[str, Any]) -> Sequence[Side]:
        """Returns the sides that all its members explain."""
        from vlminterp_attribution.registry import load_method

        members = [load_method(name) for name in options.get("members", MEMBERS)]
        return [side for side in cls.sides if all(side in member.sides for member in members)]

    def members(self) -> Sequence[Method]:
        """Returns the members, made for this side."""
        from vlminterp_attribution.registry import make_method

        return [make_method(name, self.side, self.batches) for name in self.options.members]

    def explanation(self, batch: PairBatch) -> Explanation:
        """Explains by each member and combines the results."""
        found = [member.attribute(batch.pixels, batch.tokens) for member in self.members()]
        first = found[0]
        if any(other.grids != first.grids for other in found):
            raise ConfigError(f"consensus: members={self.options.members} have different grids")
        scores, numbers = torch.zeros_like(first.scores), torch.zeros(len(first), 2)
        for index in range(len(first)):
            parts = [_parts(one, index) for one in found]
            mean = _geometric_mean(parts)
            scores[index] = _placed(first, index, mean)
            numbers[index, 0] = _agreement(parts)
            numbers[index, 1] = _spread(mean)
        return replace(
            first,
            scores=scores,
            unit=self.unit,
            curves={},
            method=self.name,
            signed=False,
            numbers={"agreement": numbers[:, 0], "spread": numbers[:, 1]},
        )


def _parts(explanation: Explanation, index: int) -> Tensor:
    """Returns the scores of a pair's patches or words, `[parts]`."""
    if explanation.side is Side.image:
        return explanation.map(index).flatten()
    return torch.tensor([score for _, score in explanation.word_scores(index)])


def _placed(like: Explanation, index: int, values: Tensor) -> Tensor:
    """Returns token scores of a pair from values of its patches or words, `[N]`."""
    tokens = like.scores.shape[1]
    if like.side is Side.image:
        return on_patches(values, tokens, like.prefix_tokens)
    return on_words(values, tokens, like.words[index])


def _geometric_mean(parts: Sequence[Tensor]) -> Tensor:
    """Returns the geometric mean of maps clipped at 0; they and the mean are scaled to sum 1."""
    positive = torch.stack(list(parts)).double().clamp_min(0)
    shares = positive / positive.sum(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
    mean = shares.prod(0) ** (1 / len(shares))
    return (mean / mean.sum().clamp_min(torch.finfo(torch.float64).tiny)).float()


def _agreement(parts: Sequence[Tensor]) -> float:
    """Returns the mean rank correlation over pairs of members; 0 for a pair with a constant one."""
    found = [map_agreement(one, other) for one, other in itertools.combinations(parts, 2)]
    return float(np.nan_to_num(found).mean())


def _spread(shares: Tensor) -> float:
    """Returns the entropy as a share of a constant map's; 0 for one part or an all-zero map."""
    if len(shares) < 2:
        return 0.0
    entropy = -(shares * shares.clamp_min(torch.finfo(torch.float32).tiny).log()).sum()
    return float(entropy / np.log(len(shares)))
