"""Sets of players, and the linear function that fits their scores best."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Coalitions:
    """Sets of players in which each player is kept with the same probability.

    Attributes:
        kept: True where a player is kept, bool `[n, players]`.
        weights: The share of each set in the mean over all sets, float64 `[n]`.
        exact: Whether every set is there.
    """

    kept: Tensor
    weights: Tensor
    exact: bool

    def fit(self, scores: Tensor, ridge: float) -> Tensor:
        """Returns the coefficients of the linear function of the players that fits scores best.

        Where all sets are there, they are the weighted Banzhaf values: what a player adds to the
        score, in the mean over the sets of the others (Marichal and Mathonet, 2011).

        Args:
            scores: Score of each set, `[n]`, or several at once, `[n, D]`.
            ridge: Strength, ≥ 0, by which coefficients are pulled towards 0; not used where every
                set is there.

        Returns:
            float64, `[players]` or `[players, D]`.
        """
        kept, scores = self.kept.double(), scores.double()
        design = kept - self.weights @ kept
        centred = scores - torch.tensordot(self.weights, scores, 1)
        strength = 0.0 if self.exact else ridge / len(kept)
        gram = (design.T * self.weights) @ design
        gram += strength * torch.eye(kept.shape[1], dtype=torch.float64)
        fitted: Tensor = torch.linalg.solve(gram, (design.T * self.weights) @ centred)
        return fitted


def all_coalitions(players: int) -> Tensor:
    """Returns every set of players, bool `[2^players, players]`, from none to all.

    Example:
        >>> all_coalitions(2).int().tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    return torch.cartesian_prod(*[torch.tensor([False, True])] * players).view(-1, players)


def coalitions(
    players: int, samples: int, generator: torch.Generator, chance: float = 0.5
) -> Coalitions:
    """Returns every set of players, or draws some of them if there are more than `samples`.

    Args:
        players: Number of players, ≥ 1.
        samples: Number of sets, ≥ 2 and even.
        generator: Random generator.
        chance: Probability in (0, 1) that a player is kept. Sets are drawn in pairs from the same
            random numbers, read from both ends, so that for ½ they are each other's complement.
    """
    if 2**players <= samples:
        kept = all_coalitions(players)
        sizes = kept.sum(1)
        weights = chance ** sizes.double() * (1 - chance) ** (players - sizes).double()
        return Coalitions(kept, weights, exact=True)
    drawn = torch.rand(samples // 2, players, generator=generator)
    kept = torch.cat([drawn < chance, 1 - drawn <= chance])
    return Coalitions(kept, torch.full((len(kept),), 1 / len(kept)).double(), exact=False)
