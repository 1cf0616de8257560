"""Baselines without training, for the same number of responses: best-of-n, and closed-form tilt.

Both choose among N responses. Letters in shapes: N responses.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Chosen:
    """Responses of a model, chosen by their reward.

    Attributes:
        reward: The expected reward.
        held_out: The expectation of another value of the responses, which had no say.
        kl: KL from the reference, in nats per response.
        effective: Number of the N responses that carry the choice, 1…N.
    """

    reward: float
    held_out: float
    kl: float
    effective: float


def best_of_n(rewards: ArrayLike, held_out: ArrayLike, n: int) -> Chosen:
    """Returns the best of n responses, averaged over all ways to draw n of N without replacement.

    Args:
        rewards: Rewards of the reference's responses, `[N]`.
        held_out: Another value of the same responses, `[N]`.
        n: Responses drawn, 1…N.

    Returns:
        The expectation; KL ln n − (n − 1)/n (Beirami et al., 2024, an upper bound).

    Example:
        >>> best_of_n([1.0, 3.0, 2.0], [7.0, 8.0, 9.0], 3).held_out
        8.0
    """
    values = np.asarray(rewards, np.float64)
    count = len(values)
    # The i-th smallest is the best of n with chance C(i − 1, n − 1) / C(N, n).
    ways = [math.comb(rank, n - 1) / math.comb(count, n) for rank in range(count)]
    chances = np.zeros(count)
    chances[np.argsort(values, kind="stable")] = ways
    return _chosen(chances, values, held_out, math.log(n) - (n - 1) / n)


def tilt(
    rewards: ArrayLike, held_out: ArrayLike, beta: float, log_ratios: ArrayLike | None = None
) -> Chosen:
    """Estimates the optimum of reward − β·KL, π·exp(r/β), by weighting a model's responses.

    Args:
        rewards: Rewards of the model's responses, `[N]`.
        held_out: Another value of the same responses, `[N]`.
        beta: Weight of the KL, in units of reward per nat, > 0.
        log_ratios: Log-ratio of each response to the reference, in nats, `[N]`, which the KL is
            counted from. None where the model is the reference.

    Returns:
        Reward, KL and effective sample size of the weighted responses. With few effective ones,
        the true optimum is farther away than these N can say: they add no KL above ln N.

    Example:
        >>> tilt([5.0, 5.0], [1.0, 3.0], 0.2)
        Chosen(reward=5.0, held_out=2.0, kl=0.0, effective=2.0)
    """
    values = np.asarray(rewards, np.float64)
    weights = np.exp((values - values.max()) / beta)
    weights /= weights.sum()
    used = weights[weights > 0]
    kl = max(float(used @ np.log(used * len(values))), 0.0)  # Σ w ln(w / (1/N))
    if log_ratios is not None:
        kl += float(weights @ np.asarray(log_ratios, np.float64))
    return _chosen(weights, values, held_out, kl)


def _chosen(
    chances: NDArray[np.float64], rewards: NDArray[np.float64], held_out: ArrayLike, kl: float
) -> Chosen:
    return Chosen(
        reward=float(chances @ rewards),
        held_out=float(chances @ np.asarray(held_out, np.float64)),
        kl=kl,
        effective=float(1 / (chances**2).sum()),
    )
