"""The numbers of one training step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlminterp_ex2.texts import distinct, names_concept

SAME = 1e-6
"""Rewards that differ by at most this share of their magnitude count as equal: float32 rounds."""


@dataclass(frozen=True)
class Batch:
    """The responses of one step, group after group.

    Attributes:
        texts: The scored part of each; empty where nothing is scored.
        names: Name of each one's concept.
        rewards: Reward of each; None where its text is empty.
        lengths: Tokens of each, the end token included.
        clipped: Whether the model ran out of tokens, for each.
        cut: Whether text at its end is not scored, for each.
    """

    texts: Sequence[str]
    names: Sequence[str]
    rewards: Sequence[float | None]
    lengths: Sequence[int]
    clipped: Sequence[bool]
    cut: Sequence[bool]


def measure(
    batch: Batch, reference: Sequence[float], log_ratios: Sequence[float], group: int
) -> dict[str, float | None]:
    """Returns the numbers that are recorded for a step.

    Args:
        batch: The step's responses.
        reference: log π_ref of each, summed over its tokens, in nats.
        log_ratios: log π − log π_ref of each, likewise.
        group: Responses to each prompt, which stand together.

    Returns:
        `reward` and `reward_std` over texts that are not empty (None if all are); `kl`, nats per
        response; `perplexity` of all tokens to the reference; `length` in tokens; `distinct_1` and
        `distinct_2`; and shares: `names_concept` (of texts that are not empty; None if all are),
        `zero_spread` (of groups), and of all responses `clipped`, `cut` and `empty`.
    """
    real = np.array([value for value in batch.rewards if value is not None])
    said = [pair for pair in zip(batch.texts, batch.names, strict=True) if pair[0]]
    named = [names_concept(*pair) for pair in said]
    return {
        "reward": float(real.mean()) if len(real) else None,
        "reward_std": float(real.std()) if len(real) else None,
        "kl": float(np.mean(log_ratios)),
        "perplexity": perplexity(sum(reference), sum(batch.lengths)),
        "length": float(np.mean(batch.lengths)),
        "distinct_1": distinct(batch.texts, 1),
        "distinct_2": distinct(batch.texts, 2),
        "names_concept": float(np.mean(named)) if named else None,
        "zero_spread": zero_spread(batch.rewards, group),
        "clipped": float(np.mean(batch.clipped)),
        "cut": float(np.mean(batch.cut)),
        "empty": float(np.mean([not text for text in batch.texts])),
    }


def zero_spread(rewards: Sequence[float | None], group: int) -> float:
    """Returns the share of groups that teach nothing, since all their rewards are equal.

    Args:
        rewards: Rewards, group after group; None where a text is empty, equal only to None.
        group: Size of each group.

    Example:
        >>> zero_spread([1.0, 1.0, 2.0, 3.0, None, None, None, 1.0], 2)
        0.5
    """
    values: NDArray[np.float64] = np.array([np.nan if r is None else r for r in rewards])
    grouped = values.reshape(-1, group)
    empty = np.isnan(grouped)
    filled = np.where(empty, 0.0, grouped)
    spread = filled.max(1) - filled.min(1)
    equal = (spread <= SAME * np.abs(filled).max(1)) & ~empty.any(1)
    return float((equal | empty.all(1)).mean())


def perplexity(log_likelihood: float, tokens: int) -> float:
    """Returns exp(−log-likelihood per token).

    Example:
        >>> round(perplexity(-2 * math.log(8), 2), 6)
        8.0
    """
    return math.exp(-log_likelihood / tokens)
