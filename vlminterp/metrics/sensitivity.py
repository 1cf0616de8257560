"""Sensitivity-n: do a map's sums tell how much a set of patches matters (Ancona et al., ICLR 2018)?

Unlike insertion and deletion it asks for the amount, not for the order alone.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlminterp.metrics.curves import ScorePictures
from vlminterp.metrics.parts import replaced

Values = NDArray[np.float64]


def random_sets(shape: tuple[int, int], sizes: Sequence[int], draws: int, seed: int = 0) -> Tensor:
    """Draws sets of patches of each size.

    Args:
        shape: Rows and columns of the grid.
        sizes: Numbers of patches, each below rows × columns.
        draws: Sets of each size, ≥ 3.
        seed: Seed of the draws.

    Returns:
        bool `[len(sizes)·draws, rows, columns]`, one size after the other.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = shape[0] * shape[1]
    chance = torch.rand(len(sizes) * draws, parts, generator=generator)
    ranks = chance.argsort(1).argsort(1)
    return (ranks < torch.tensor(sizes).repeat_interleave(draws)[:, None]).reshape(-1, *shape)


def falls(
    score: ScorePictures,
    values: Tensor,
    fill: Tensor,
    sets: Tensor,
    covered: tuple[float, float] = (1.0, 1.0),
) -> Tensor:
    """Returns how much the score falls when each set of patches is replaced, float64 `[n]`.

    It says nothing of any map, so that several maps of one picture share it.

    Args:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`.
        values: The picture's normalised pixels, `[3, H, W]`.
        fill: Pixels that replace patches, `[3, H, W]`.
        sets: Sets of patches, bool `[n, rows, columns]`.
        covered: Share of height and width that the patches cover.
    """
    whole = score(values[None]).double()
    return whole - score(replaced(values, fill, sets, covered)).double()


def sensitivity_n(heat: Tensor, sets: Tensor, fallen: Tensor) -> float:
    """Returns the correlation of a map's sums over sets with the falls of the score.

    Args:
        heat: Scores of patches, `[rows, columns]` or any other shape.
        sets: Sets of patches, bool `[n, *heat.shape]`; see `random_sets`.
        fallen: Fall of the score for each, `[n]`; see `falls`.

    Returns:
        Pearson's r within sets of one size, averaged over sizes, in [-1, 1]; higher is better.
        Where sums do not differ, as a constant map's, they tell nothing: 0. NaN if the score never
        moves.

    Example:
        >>> sets = random_sets((2, 2), (1, 2), 4)
        >>> heat = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> round(sensitivity_n(heat, sets, (sets * heat).sum((1, 2))), 6)
        1.0
    """
    sums = (sets * heat.double()).flatten(1).sum(1).numpy()
    sizes = sets.flatten(1).sum(1).numpy()
    fell = fallen.double().numpy()
    found = [_correlation(sums[sizes == size], fell[sizes == size]) for size in np.unique(sizes)]
    known = [one for one in found if not np.isnan(one)]
    return float(np.mean(known)) if known else float("nan")


def _correlation(sums: Values, fell: Values) -> float:
    if np.ptp(fell) == 0:
        return float("nan")
    if np.ptp(sums) <= 1e-9 * np.abs(sums).max():
        return 0.0
    return float(np.corrcoef(sums, fell)[0, 1])
