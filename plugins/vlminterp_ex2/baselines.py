"""What the same number of responses buys without training: best-of-n, and the closed-form tilt.

Both choose among N responses of the reference. Letters in shapes: N responses.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, logsumexp


@dataclass(frozen=True)
class Chosen:
    """Responses of the reference, chosen by their reward.

    Attributes:
        reward: Its expectation.
        kl: From the reference, in nats per response.
        effective: How many of the N responses carry the choice, 1…N.
    """

    reward: float
    kl: float
    effective: float


def best_of_n(rewards: ArrayLike, n: int) -> Chosen:
    """The best of n responses, averaged over all ways to draw n of the N without replacement.

    Args:
        rewards: Of the reference's responses, `[N]`.
        n: 1…N.

    Returns:
        The expectation; KL ln n − (n − 1)/n (Beirami et al., 2024, an upper bound).

    Example:
        >>> best_of_n([1.0, 2.0, 3.0], 3).reward, best_of_n([1.0, 2.0, 3.0], 1).reward
        (3.0, 2.0)
    """
    values = np.sort(np.asarray(rewards, np.float64))
    count = len(values)
    ranks = np.arange(1, count + 1)
    # The i-th smallest is the best of n with chance C(i − 1, n − 1) / C(N, n).
    log_chances = np.where(ranks >= n, _log_choose(ranks - 1, n - 1), -np.inf)
    chances = np.exp(log_chances - _log_choose(count, n))
    kl = math.log(n) - (n - 1) / n
    return Chosen(float(chances @ values), kl, float(1 / (chances**2).sum()))


def tilt(rewards: ArrayLike, beta: float) -> Chosen:
    """The optimum of reward − β·KL, π_ref·exp(r/β), by weighting the reference's responses.

    Args:
        rewards: Of the reference's responses, `[N]`.
        beta: In units of reward per nat, > 0.

    Returns:
        Reward, KL and effective sample size of the weighted responses. With few effective ones,
        the true optimum is farther away than these N can say.

    Example:
        >>> tilt([5.0, 5.0], 0.2)
        Chosen(reward=5.0, kl=0.0, effective=2.0)
    """
    values = np.asarray(rewards, np.float64)
    log_weights = values / beta
    log_weights -= logsumexp(log_weights)
    weights = np.exp(log_weights)
    kl = float(weights @ (log_weights + math.log(len(values))))
    return Chosen(float(weights @ values), max(kl, 0.0), float(1 / (weights**2).sum()))


def _log_choose(n: ArrayLike, k: int) -> np.ndarray:
    """Ln C(n, k); n below k is never asked for a meaning."""
    largest = np.maximum(np.asarray(n, np.float64), k)
    return np.asarray(gammaln(largest + 1) - gammaln(k + 1) - gammaln(largest - k + 1))
