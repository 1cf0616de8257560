"""The policy's reward: how much a VLM likes a text about a concept.

Letters in shapes: T texts, K concepts, D embedding size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.class_means import ClassMeans
from vlminterp.description.embed import encode_texts
from vlminterp.description.fit import Fit
from vlminterp.description.measure import SCORES


def reward(texts: Tensor, own: Tensor, means: Tensor, kind: Fit, scale: float) -> Tensor:
    """Returns EX2's reward, R = τ·⟨text, mean image⟩: one matrix product, for any number of images.

    Args:
        texts: Unit text embeddings, `[T, D]`.
        own: Each text's concept, int64 `[T]`, 0…K-1.
        means: Mean of each concept's unit image embeddings, not renormalised, `[K, D]`.
        kind: Measure of a text's fit.
        scale: τ; the paper's is 100.

    Returns:
        −τ…τ, or −2τ…2τ if contrastive; float32 `[T]`.
    """
    return scale * SCORES[kind.value](texts, own, means)


def with_penalty(rewards: Tensor, empty: Tensor, scale: float) -> Tensor:
    """Gives empty texts a reward below every real one.

    It is one deviation, and at least τ/100, below the worst real reward of the batch. A constant
    bound would do, too, but −τ lies so far off that one empty text would drown what the others of
    its batch teach.

    Args:
        rewards: Rewards, `[T]`; those of empty texts are ignored.
        empty: Whether each text is empty, bool `[T]`.
        scale: The factor τ.

    Returns:
        float32 `[T]`; zeros if every text is empty.

    Example:
        >>> with_penalty(torch.tensor([7.0, 0.0, 1.0]), torch.tensor([False, True, False]), 100.0)
        tensor([ 7., -2.,  1.])
    """
    real = rewards[~empty]
    if not len(real):
        return torch.zeros_like(rewards)
    worst = real.min() - real.std(correction=0).clamp(min=scale / 100)
    return torch.where(empty, worst, rewards)


@dataclass(frozen=True)
class Scores:
    """Scores of texts by a VLM; None where a text is empty.

    Attributes:
        rewards: Scores by the images that rewards are computed from.
        held_out: Scores by images that no reward sees; None where the text's concept has none.
    """

    rewards: list[float | None]
    held_out: list[float | None]


class Scorer:
    """Rewards texts about the concepts of one source by one VLM.

    Args:
        encoder: The VLM.
        classes: Mean image embeddings that rewards are computed from.
        held_out: The same for images that no reward sees, of the concepts that have some; None if
            there are none.
        kind: Measure of a text's fit.
        scale: The factor τ.

    Attributes:
        ids: Ids of the K concepts, to which a concept's number refers.
        names: Names of the K concepts.
        scale: The factor τ.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        classes: ClassMeans,
        held_out: ClassMeans | None = None,
        kind: Fit = Fit.own,
        scale: float = 100.0,
    ) -> None:
        self.ids, self.names = classes.ids, classes.names
        self._encoder, self._classes, self._held_out = encoder, classes, held_out
        self._checked = self._checkable(held_out, kind)
        self.scale = scale
        self._kind = kind

    @torch.no_grad()
    def rewards(self, texts: Sequence[str], own: Sequence[int]) -> Tensor:
        """Returns the rewards of texts that are not empty.

        Args:
            texts: Texts, of which each distinct one is encoded once.
            own: Number of each text's concept.

        Returns:
            float32 `[T]`, on the CPU.
        """
        if not texts:
            return torch.zeros(0)
        return self._score(encode_texts(self._encoder, texts), own, self._classes)

    @torch.no_grad()
    def scores(self, texts: Sequence[str], own: Sequence[int]) -> Scores:
        """Returns rewards and held-out rewards of texts, of which some may be empty.

        Args:
            texts: Texts, of which each distinct one is encoded once.
            own: Number of each text's concept.
        """
        real = [place for place, text in enumerate(texts) if text]
        rewards: list[float | None] = [None] * len(texts)
        held_out: list[float | None] = [None] * len(texts)
        if real:
            embedded = encode_texts(self._encoder, [texts[place] for place in real])
            concepts = [own[place] for place in real]
            _fill(rewards, real, self._score(embedded, concepts, self._classes))
            rows = [row for row, concept in enumerate(concepts) if concept in self._checked]
            if rows and self._held_out is not None:
                checked = [self._checked[concepts[row]] for row in rows]
                values = self._score(embedded[rows], checked, self._held_out)
                _fill(held_out, [real[row] for row in rows], values)
        return Scores(rewards, held_out)

    def truncated(self, texts: Sequence[str]) -> tuple[bool, ...]:
        """Tells which texts the VLM can't read to the end: the rest has no say in their score."""
        return self._encoder.tokenize(list(texts)).truncated

    def _checkable(self, held_out: ClassMeans | None, kind: Fit) -> dict[int, int]:
        """Maps the number of each concept with held-out images to its place among these."""
        if held_out is None or (kind is Fit.contrastive and len(held_out) < 2):
            return {}
        return {self.ids.index(concept): place for place, concept in enumerate(held_out.ids)}

    def _score(self, embedded: Tensor, own: Sequence[int], classes: ClassMeans) -> Tensor:
        concepts = torch.tensor(own, device=embedded.device)
        return reward(embedded, concepts, classes.means, self._kind, self.scale).cpu()


def _fill(found: list[float | None], places: Sequence[int], values: Tensor) -> None:
    for place, value in zip(places, values.tolist(), strict=True):
        found[place] = value
