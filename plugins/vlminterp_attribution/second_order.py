"""Base of the methods that tell which word looks where: contributions of words with patches."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import BEFORE_ALL_BLOCKS, State
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.targets import Similarity
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Method
from vlminterp_attribution.placing import on_patches, on_words


class SecondOrder(Method):
    """A method that explains a pair by the interactions of its words with its patches.

    The image's map is their sum over words, a word's score their sum over patches. The explanation
    of the image side holds the interactions themselves.
    """

    targets = (Similarity,)

    @abstractmethod
    def interactions(self, image: PairBatch, text: PairBatch) -> tuple[Sequence[Tensor], State]:
        """Computes the contribution of each word together with each patch.

        Args:
            image: The pairs, with the image side to explain.
            text: The same pairs, with the text side to explain.

        Returns:
            A tensor for each pair, `[words, patches]`; and the cut that the patches belong to.
        """

    def explanation(self, batch: PairBatch) -> Explanation:
        """Explains one side of a batch; what both sides need is computed once."""
        return self._of_image(batch) if self.side is Side.image else self._of_text(batch)

    def _of_image(self, batch: PairBatch) -> Explanation:
        text = self.batches(Side.text, batch.pixels, batch.tokens)
        found, state = self.interactions(batch, text)
        tokens, first = state.hidden.shape[1], state.prefix_tokens
        maps = [one.detach().float().cpu() for one in found]
        return Explanation(
            side=Side.image,
            scores=torch.stack([on_patches(one.sum(0), tokens, first) for one in maps]),
            unit=batch.target.unit,
            layer=state.block,
            similarity=batch.similarity.detach().float().cpu(),
            prefix_tokens=first,
            grids=state.grids,
            coverage=state.coverage,
            geometry=batch.pixels.geometry,
            words=batch.tokens.words,
            method=self.name,
            interactions=tuple(
                one.reshape(len(one), *grid) for one, grid in zip(maps, state.grids, strict=True)
            ),
        )

    def _of_text(self, batch: PairBatch) -> Explanation:
        found = self._other_side().attribute(batch.pixels, batch.tokens)
        tokens = batch.tokens.ids.shape[1]
        scores = [
            on_words(one.sum((1, 2)), tokens, words)
            for one, words in zip(found.interactions, found.words, strict=True)
        ]
        return Explanation(
            side=Side.text,
            scores=torch.stack(scores),
            unit=found.unit,
            layer=BEFORE_ALL_BLOCKS,
            similarity=found.similarity,
            words=found.words,
            method=self.name,
        )

    def _other_side(self) -> Method:
        """Returns this method for the image side, which shares its result where both run."""
        other = type(self)(self.encoder, Side.image, self.options, batches=self.batches)
        other.name = self.name
        return other
