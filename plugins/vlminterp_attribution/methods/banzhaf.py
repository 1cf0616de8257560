"""Banzhaf values: the mean change of the score when a patch or word is added."""

from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp_attribution.coalitions import coalitions
from vlminterp_attribution.game import Game
from vlminterp_attribution.options import require_at_least, require_even
from vlminterp_attribution.perturbation import Perturbation


@dataclass
class BanzhafOptions:
    """Options of Banzhaf values.

    Attributes:
        samples: Number of coalitions, ≥ 2 and even; where no more exist, all are played and the
            values are exact.
        ridge: Strength, ≥ 0, by which values are pulled towards 0 where there are few coalitions
            per player; not used where the values are exact.
    """

    samples: int = 256
    ridge: float = 1.0

    def __post_init__(self) -> None:
        require_even(samples=self.samples)
        require_at_least(0, ridge=self.ridge)


class Banzhaf(Perturbation):
    """Fits a linear function to the scores of random halves of the patches or words.

    Its coefficients are the Banzhaf values: the mean, over all sets of the others, of what a player
    adds to the score. Each half is played together with its complement.
    """

    paper = "Banzhaf, 1965; regression as in Hammer and Holzman, 1992"
    cost = "256 forward"
    Options = BanzhafOptions

    def values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Regresses scores on coalitions."""
        played = coalitions(game.players, self.options.samples, generator)
        return played.fit(game(played.kept.view(-1, *game.shape)), self.options.ridge)
