"""The prior that a hidden state is measured against."""

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import State
from vlminterp.errors import ConfigError
from vlminterp_m2ib.bottleneck import Gates, Prior
from vlminterp_m2ib.settings import PooledToken, Scale

LOWEST_DEVIATION = 0.01
"""Least deviation of a channel, as a share of all channels', so that none is blown up."""


def prior_of(hidden: Tensor, state: State, scale: Scale, variance: float) -> Prior:
    """Returns the prior of each input.

    Args:
        hidden: Hidden states `[B, N, C]`, in the bottleneck's precision.
        state: The cut; its padding does not count.
        scale: Fixed, or the input's own mean and deviation per channel over its tokens.
        variance: Factor of the prior's variance.

    Returns:
        Mean and deviation, `[B, 1, C]`.
    """
    if scale is Scale.plain:
        mean = torch.zeros_like(hidden[:, :1])
        return Prior(mean, torch.full_like(mean, variance**0.5))
    mask, nothing = state.mask[:, :, None], torch.zeros_like(hidden)
    count = mask.sum(1, keepdim=True)
    mean = torch.where(mask, hidden, nothing).sum(1, keepdim=True) / count
    squares = torch.where(mask, hidden - mean, nothing).square().sum(1, keepdim=True)
    variances = squares / count
    floor = LOWEST_DEVIATION**2 * variances.mean(2, keepdim=True)
    deviation = variances.clamp_min(floor.clamp_min(torch.finfo(hidden.dtype).tiny)).sqrt()
    return Prior(mean, deviation * variance**0.5)


def gates_of(state: State, pooled_token: PooledToken, dtype: torch.dtype) -> Gates:
    """Returns gates for all tokens but padding and, by choice, the pooled one.

    Raises:
        ConfigError: The pooled token is to be treated apart, but the tower pools over several.
    """
    free = state.mask.clone()
    fixed = torch.ones(free.shape, dtype=dtype, device=free.device)
    if pooled_token is not PooledToken.bottleneck:
        if state.pooled is None:
            raise ConfigError(
                f"pooled_token={pooled_token.value}: this tower pools over all tokens; "
                "use pooled_token=bottleneck"
            )
        rows = torch.arange(len(free), device=free.device)
        free[rows, state.pooled] = False
        fixed[rows, state.pooled] = float(pooled_token is PooledToken.whole)
    return Gates(free, fixed)
