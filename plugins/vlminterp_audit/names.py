"""The concepts' names as captions, and how far a picture answers to one rather than the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.bank import fill
from vlminterp.description.embed import encode_texts

NAMELESS = "something"
"""Stands for a name in sentences that name nothing."""


@dataclass(frozen=True)
class Names:
    """The names of K concepts in T captions each.

    Attributes:
        captions: Captions by concept, K × T.
        embeddings: Their unit embeddings, float32 `[K, T, D]`.
        nameless: Embeddings of the same captions without a name, float32 `[T, D]`.
    """

    captions: tuple[tuple[str, ...], ...]
    embeddings: Tensor
    nameless: Tensor

    @property
    def means(self) -> Tensor:
        """Mean embedding of each name's captions, `[K, D]`."""
        return self.embeddings.mean(1)

    @property
    def contrasts(self) -> Tensor:
        """Each name less the mean of the others, `[K, D]`.

        A picture's product with one is the *score* of that name: how much closer the picture is to
        it than to the others, in cosine.
        """
        means = self.means
        return means - (means.sum(0) - means) / (len(means) - 1)


def named(
    encoder: DualEncoder, names: Sequence[str], templates: Sequence[str], batch_size: int
) -> Names:
    """Embeds names in captions.

    Args:
        encoder: The VLM.
        names: Names of the concepts, without articles.
        templates: Captions, with {concept} or {name} where the name goes.
        batch_size: Texts at once, ≥ 1.
    """
    captions = [tuple(fill(template, name) for template in templates) for name in names]
    nameless = [without_name(template) for template in templates]
    texts = [text for own in captions for text in own]
    found = encode_texts(encoder, [*texts, *nameless], batch_size)
    whole = found[: len(texts)].reshape(len(names), len(templates), -1)
    return Names(tuple(captions), whole, found[len(texts) :])


def without_name(template: str) -> str:
    """Returns a caption that names nothing.

    Example:
        >>> without_name("A photo of {concept}.")
        'A photo of something.'
    """
    for placeholder in ("{concept}", "{name}"):
        template = template.replace(placeholder, NAMELESS)
    return template.replace("{Concept}", NAMELESS.capitalize())


def scores(embeddings: Tensor, directions: Tensor) -> Tensor:
    """Returns products of pictures with directions such as `Names.contrasts`, on the CPU.

    Args:
        embeddings: Unit embeddings, `[n, D]`.
        directions: `[K, D]`.

    Returns:
        float64 `[n, K]`.
    """
    return (embeddings @ directions.T).double().cpu()


def answers(embeddings: Tensor, names: Names) -> list[int]:
    """Returns the zero-shot answer to each picture: the place of the best name."""
    return [int(best) for best in torch.argmax(scores(embeddings, names.means), 1)]
