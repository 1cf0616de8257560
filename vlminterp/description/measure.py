"""Scores a bank with a VLM, and computes its families' gains."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.bank import Bank, Swapped
from vlminterp.description.class_means import ClassMeans
from vlminterp.description.embed import encode_texts
from vlminterp.description.gains import Gains, content_gains, presence_gains
from vlminterp.description.scores import (
    contrastive_scores,
    own_scores,
    shuffled_contrastive_scores,
    shuffled_scores,
)

SCORES = {"own": own_scores, "contrastive": contrastive_scores}
"""The scores in which gains can be measured, by name."""
SHUFFLED = {"own": shuffled_scores, "contrastive": shuffled_contrastive_scores}
"""The same under shuffled classes, by name: the null for each score."""


@dataclass(frozen=True)
class Measured:
    """A bank's scores by one of `SCORES`, and its gains.

    Attributes:
        scores: Scores of `Bank.said`, float32 `[T]`.
        presence: Gains of true words against none.
        content: Gains of true words against another concept's words.
        shuffled: The gains of `presence` under shuffled classes; None with one class.
    """

    scores: NDArray[np.float32]
    presence: Gains
    content: Gains
    shuffled: Gains | None


def texts_to_score(bank: Bank, swapped: list[Swapped]) -> int:
    """Returns the number of texts that `measure` scores, for progress."""
    return len(bank.said) + len(swapped)


def measure(
    encoder: DualEncoder,
    bank: Bank,
    swapped: list[Swapped],
    classes: ClassMeans,
    batch_size: int = 128,
    on_advance: Callable[[int], None] | None = None,
) -> dict[str, Measured]:
    """Scores all texts of a bank in one pass.

    Args:
        encoder: The VLM.
        bank: The descriptions.
        swapped: Counterparts of the descriptions, from `Bank.swapped`; may be empty.
        classes: Class means of the concepts that the bank was matched to.
        batch_size: Texts at once.
        on_advance: Called after each batch with its number of texts.

    Returns:
        Results by name of the score: `own`, and `contrastive` if there are two classes or more.
    """
    about = [said.about for said in bank.said] + [bank.said[swap.row].about for swap in swapped]
    texts = [said.text for said in bank.said] + [swap.text for swap in swapped]
    embedded = encode_texts(encoder, texts, batch_size, on_advance)
    own = torch.tensor(about, device=embedded.device)
    found = {}
    for name, score in SCORES.items():
        if name == "contrastive" and len(classes) < 2:
            continue
        scores = score(embedded, own, classes.means).cpu().numpy()
        true, others = scores[: len(bank.said)], scores[len(bank.said) :]
        shape = (bank.families, len(classes))
        presence = presence_gains(bank.said, true, *shape)
        content = content_gains(bank.said, true, swapped, others, *shape)
        shuffled = None
        if len(classes) > 1:
            null = SHUFFLED[name](embedded[: len(bank.said)], own[: len(bank.said)], classes.means)
            shuffled = presence_gains(bank.said, null.cpu().numpy(), *shape)
        found[name] = Measured(true, presence, content, shuffled)
    return found
