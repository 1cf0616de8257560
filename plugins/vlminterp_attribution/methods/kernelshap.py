"""KernelSHAP: Shapley values of patches or words by regression."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp_attribution.coalitions import all_coalitions
from vlminterp_attribution.game import Game
from vlminterp_attribution.options import require_at_least, require_positive
from vlminterp_attribution.perturbation import Perturbation


@dataclass
class KernelSHAPOptions:
    """Options of KernelSHAP.

    Attributes:
        samples: Number of coalitions, ≥ 4; where no more exist, all are played and the values are
            exact.
        ridge: Strength, ≥ 0, by which values are pulled towards equal shares where there are few
            coalitions per player; not used where the values are exact.
    """

    samples: int = 256
    ridge: float = 1.0

    def __post_init__(self) -> None:
        require_positive(samples=self.samples // 4)
        require_at_least(0, ridge=self.ridge)


class KernelSHAP(Perturbation):
    """Fits Shapley values to the scores of coalitions drawn by the Shapley kernel.

    Values add up to the score of the whole input less that of the empty one. Captum's `KernelShap`
    draws from one stream for the whole batch and sets that constraint only by a large weight; here
    each pair has its own stream, each coalition its complement, and the constraint holds exactly.
    """

    paper = "Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017"
    cost = "258 forward"
    Options = KernelSHAPOptions

    def values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Solves the weighted regression under the constraint."""
        players = game.players
        empty, full = game(_ends(players).view(2, *game.shape)).double()
        if players == 1:
            return torch.stack([full - empty])
        exact = 2**players <= self.options.samples
        if exact:
            kept = all_coalitions(players)[1:-1]
            weights = _kernel(kept.sum(1), players)
        else:
            kept = self._drawn(players, generator)
            weights = torch.ones(len(kept), dtype=torch.float64)
        scores = game(kept.view(-1, *game.shape)).double() - empty
        share = (full - empty) / players
        # Values are equal shares plus a remainder, and the remainders add up to 0.
        design, rest = kept.double(), scores - share * kept.sum(1)
        ridge = 0.0 if exact else self.options.ridge
        gram = (design.T * weights) @ design + ridge * torch.eye(players, dtype=torch.float64)
        inverse = torch.linalg.inv(gram)
        free = inverse @ ((design.T * weights) @ rest)
        ones = torch.ones(players, dtype=torch.float64)
        values: Tensor = share + free - inverse @ ones * (free.sum() / (ones @ inverse @ ones))
        return values

    def _drawn(self, players: int, generator: torch.Generator) -> Tensor:
        """Draws coalitions by the Shapley kernel, and adds the complement of each."""
        sizes = torch.arange(1, players)
        chances = (players - 1) / (sizes * (players - sizes))
        count = self.options.samples // 2
        drawn = sizes[torch.multinomial(chances, count, replacement=True, generator=generator)]
        order = torch.rand(count, players, generator=generator).argsort(1).argsort(1)
        half = order < drawn[:, None]
        return torch.cat([half, ~half])


def _ends(players: int) -> Tensor:
    """Returns the empty coalition and the full one, `[2, players]`."""
    return torch.stack([torch.zeros(players), torch.ones(players)])


def _kernel(sizes: Tensor, players: int) -> Tensor:
    """Returns the kernel (P - 1) / (C(P, s)·s·(P - s)) of each size s for P players."""
    ways = torch.tensor([float(math.comb(players, int(size))) for size in sizes]).double()
    weights: Tensor = (players - 1) / (ways * sizes * (players - sizes))
    return weights
