"""FIxLIP: weighted Banzhaf interactions of words with patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import State
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.coalitions import coalitions
from vlminterp_attribution.game import Game, games
from vlminterp_attribution.method import Needs
from vlminterp_attribution.options import require_at_least, require_even, require_share
from vlminterp_attribution.second_order import SecondOrder


@dataclass
class FIxLIPOptions:
    """Options of FIxLIP.

    Attributes:
        samples: Number of sets of patches, and of sets of words, ≥ 2 and even; where no more
            exist, all are played.
        kept: Probability that a patch or a word is kept, in (0, 1): the weight of the Banzhaf
            values.
        ridge: Strength, ≥ 0, by which values are pulled towards 0 where there are few sets per
            player; not used where all are played.
    """

    samples: int = 256
    kept: float = 0.5
    ridge: float = 1.0

    def __post_init__(self) -> None:
        require_even(samples=self.samples)
        require_share(kept=self.kept)
        require_at_least(0, ridge=self.ridge)


class FIxLIP(SecondOrder):
    """Measures how much more a word adds to the score when a patch is there.

    It is the mean over sets of the other patches and words, with each kept at random. As in the
    paper, every set of patches meets every set of words, at the cost of their sum.
    """

    paper = "Baniecki et al., Explaining Similarity in Vision-Language Encoders, NeurIPS 2025"
    cost = "256 forward of both towers"
    needs = Needs.forward
    Options = FIxLIPOptions

    def interactions(self, image: PairBatch, text: PairBatch) -> tuple[Sequence[Tensor], State]:
        """Plays both games of each pair.

        The score is an inner product of embeddings, so that the regression on products of patches
        and words falls into one regression for each tower, on vectors.
        """
        pictures, state = games(image)
        captions, _ = games(text)
        found = []
        for picture, caption, seed in zip(pictures, captions, image.seeds, strict=True):
            generator = torch.Generator().manual_seed(seed)
            patches = self._vectors(picture, generator)
            words = self._vectors(caption, generator) if caption.players else patches[:0]
            found.append(words @ patches.T)
        return found, state

    def _vectors(self, game: Game, generator: torch.Generator) -> Tensor:
        """Returns the change of the embedding that each player adds, float64 `[players, D]`."""
        options = self.options
        played = coalitions(game.players, options.samples, generator, options.kept)
        embeddings = game.embeddings(played.kept.view(-1, *game.shape)).cpu()
        return played.fit(embeddings, options.ridge)
