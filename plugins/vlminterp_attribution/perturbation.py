"""Base of the methods that score many perturbed inputs, one pair after the other."""

from abc import abstractmethod

import torch
from torch import Tensor

from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.game import Game, games
from vlminterp_attribution.method import Found, Needs, TokenMethod


class Perturbation(TokenMethod):
    """A method that explains each pair by its own game."""

    needs = Needs.forward

    @abstractmethod
    def values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Returns the value of each player, `[players]`.

        Args:
            game: The game of one pair.
            generator: The pair's own random generator.
        """

    def explain(self, batch: PairBatch) -> Found:
        """Plays the game of each pair in turn."""
        played, state = games(batch)
        scores = []
        for game, seed in zip(played, batch.seeds, strict=True):
            generator = torch.Generator().manual_seed(seed)
            values = self.values(game, generator) if game.players else torch.zeros(0)
            scores.append(game.on_tokens(values))
        return Found(torch.stack(scores).to(state.mask.device), state)
