"""A pair as a cooperative game: its players are patches or words; each set of them scores."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.dual_encoder import Pixels, State, Tokens
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.versions import CHUNK, versions_of, with_words
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.placing import on_patches, on_words


class Game:
    """The score of one pair as a function of the players that are kept.

    A patch that is not kept has the mean colour of the model's preprocessing; a word that is not
    kept is deleted.

    Args:
        batch: The pairs.
        index: The pair's place in the batch.
        state: A cut of the explained tower, for the patches' grid and the number of tokens.
    """

    def __init__(self, batch: PairBatch, index: int, state: State) -> None:
        self._batch = batch
        self._index = index
        self._coverage = state.coverage
        self.shape: tuple[int, ...]
        if batch.side is Side.image:
            self.shape = state.grids[index]
            self._first = state.prefix_tokens
        else:
            self.shape = (len(batch.tokens.words[index]),)
        self._length = state.hidden.shape[1]

    @property
    def players(self) -> int:
        """Number of patches or words of the pair."""
        return int(torch.tensor(self.shape).prod())

    def __call__(self, kept: Tensor) -> Tensor:
        """Returns the score of each coalition, `[n]`.

        Args:
            kept: 1 where a player is kept, 0 where not, `[n, *shape]`, of any type.
        """
        return self._score(self.embeddings(kept))

    def embeddings(self, kept: Tensor) -> Tensor:
        """Returns the embedding of each coalition, `[n, D]`.

        Args:
            kept: 1 where a player is kept, 0 where not, `[n, *shape]`, of any type.
        """
        if self._batch.side is Side.image:
            drawn = functional.interpolate(kept[:, None].float(), self.region, mode="nearest")
            return self._behind(drawn[:, 0])
        return torch.cat([self._words(some) for some in torch.split(kept.bool(), CHUNK)])

    @property
    def region(self) -> tuple[int, int]:
        """Height and width that the patches cover, in pixels of the input."""
        height, width = self._batch.pixels.size(self._index)
        down, across = self._coverage
        return min(round(down * height), height), min(round(across * width), width)

    def masked(self, masks: Tensor) -> Tensor:
        """Returns the score of the image behind each soft mask, `[n]`.

        Args:
            masks: Masks of `region` in [0, 1], `[n, height, width]`.
        """
        return self._score(self._behind(masks))

    def _behind(self, masks: Tensor) -> Tensor:
        """Returns the embedding of the image behind each soft mask, `[n, D]`."""
        batch, index = self._batch, self._index
        _, height, width = masks.shape
        values = batch.pixels.values[index]
        embeddings = []
        for some in torch.split(masks, CHUNK):
            images = values.repeat(len(some), 1, 1, 1)
            images[:, :, :height, :width] *= some[:, None].to(images)
            embeddings.append(self._encode(versions_of(batch.pixels, index, images)))
        return torch.cat(embeddings)

    def _words(self, kept: Tensor) -> Tensor:
        return self._encode(with_words(self._batch.tokens, self._index, kept))

    def _encode(self, inputs: Pixels | Tokens) -> Tensor:
        with torch.no_grad():
            embeddings: Tensor = self._batch.tower.encode(inputs)
        return embeddings

    def _score(self, embeddings: Tensor) -> Tensor:
        rows = torch.full((len(embeddings),), self._index, device=embeddings.device)
        with torch.no_grad():
            return self._batch.score(embeddings, rows).cpu()

    def on_tokens(self, values: Tensor) -> Tensor:
        """Gives each player's value to its tokens, a word's in equal shares, `[N]`.

        Args:
            values: Value of each player, `[players]`.
        """
        if self._batch.side is Side.image:
            return on_patches(values, self._length, self._first)
        return on_words(values, self._length, self._batch.tokens.words[self._index])


def games(batch: PairBatch) -> tuple[list[Game], State]:
    """Returns the game of each pair, and the cut to whose tokens their values belong."""
    with torch.no_grad():
        state = batch.tower.prefix(batch.inputs, -1)
        batch.embedding = batch.tower.suffix(state)
    state = replace(state, block=-1)
    return [Game(batch, index, state) for index in range(len(batch))], state
