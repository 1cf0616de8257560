"""ROAD: removes patches without leaving their outline behind (Rong et al., ICML 2022).

A removed patch that is filled with one colour tells its shape to the model: "class information
leakage" through the mask. Here each removed pixel becomes the mean of its neighbours, the removed
ones among them included, with a little noise: the smoothest continuation of what is left.
"""

from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, identity
from scipy.sparse.linalg import splu
from torch import Tensor

from vlminterp.metrics.curves import ScorePictures
from vlminterp.metrics.parts import hottest, on_pixels

SHARES = (0.2, 0.4, 0.6, 0.8)
NEAR, DIAGONAL = 1 / 6, 1 / 12
"""Weights of the four nearest pixels and of the four on the diagonals."""
NOISE = 0.1


def road(
    score: ScorePictures,
    values: Tensor,
    heat: Tensor,
    shares: tuple[float, ...] = SHARES,
    covered: tuple[float, float] = (1.0, 1.0),
    seed: int = 0,
) -> float:
    """Returns the mean score without the coldest patches, less that without the hottest.

    Args:
        score: Scores versions of the picture, `[n, 3, H, W]` to `[n]`.
        values: The picture's normalised pixels, `[3, H, W]`.
        heat: Scores of its patches, `[rows, columns]`.
        shares: Shares of the patches that are removed, in (0, 1), symmetrical around ½.
        covered: Share of height and width that the patches cover, as `Explanation.coverage`.
        seed: Seed of the noise, and of the order of ties.

    Returns:
        In the score's own unit; higher is better, 0 in expectation for a random order.

    Raises:
        ValueError: A share removes nothing or everything.
    """
    counts = (torch.tensor(shares) * heat.numel()).round().long()
    if not bool(((counts > 0) & (counts < heat.numel())).all()):
        raise ValueError(f"shares={shares} of {heat.numel()} patches remove none, or all")
    hot = on_pixels(hottest(heat, counts, seed), (values.shape[1], values.shape[2]), covered)
    removed = torch.cat([~hot, hot])
    scores = score(torch.stack([imputed(values, one, seed=seed) for one in removed]))
    kept, deleted = scores.double().chunk(2)
    return float((kept - deleted).mean())


def imputed(values: Tensor, removed: Tensor, noise: float = NOISE, seed: int = 0) -> Tensor:
    """Replaces removed pixels by weighted means of their neighbours, and adds noise there.

    Args:
        values: Normalised pixels, `[3, H, W]`.
        removed: Pixels to replace, bool `[H, W]`, not all.
        noise: σ of the noise, in units of normalised pixels, ≥ 0.
        seed: Seed of the noise.

    Returns:
        `[3, H, W]`.

    Raises:
        ValueError: Everything is removed.
    """
    mask = removed.cpu().numpy().ravel()
    if mask.all():
        raise ValueError("nothing is left to continue the picture from")
    picture = values.detach().double().cpu().numpy().reshape(3, -1).T.copy()
    if mask.any():
        weights = neighbours(*removed.shape)[mask]
        system = identity(int(mask.sum()), format="csc") - weights[:, mask].tocsc()
        solved = splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A").solve(
            weights[:, ~mask] @ picture[~mask]
        )
        rng = np.random.default_rng(seed)
        picture[mask] = solved + noise * rng.standard_normal(solved.shape)
    return torch.from_numpy(picture.T.reshape(values.shape)).to(values)


def neighbours(height: int, width: int) -> csr_matrix:
    """Returns the weight of each pixel's neighbours; each row sums to 1, at the border too.

    Args:
        height: Height of the picture.
        width: Width of the picture.

    Returns:
        Sparse `[H·W, H·W]`.
    """
    index = np.arange(height * width).reshape(height, width)
    parts = [
        (_shifted(index, down, across), DIAGONAL if down and across else NEAR)
        for down, across in product((-1, 0, 1), repeat=2)
        if down or across
    ]
    rows = np.concatenate([pair[0] for pair, _ in parts])
    columns = np.concatenate([pair[1] for pair, _ in parts])
    weights = np.concatenate([np.full(len(pair[0]), weight) for pair, weight in parts])
    matrix = coo_matrix((weights, (rows, columns)), shape=(index.size, index.size)).tocsr()
    scale = 1 / np.asarray(matrix.sum(1)).ravel()
    return csr_matrix(matrix.multiply(scale[:, None]))


def _shifted(
    index: NDArray[np.intp], down: int, across: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns the pixels that have a neighbour in a direction, and these neighbours."""
    height, width = index.shape
    own = index[max(-down, 0) : height - max(down, 0), max(-across, 0) : width - max(across, 0)]
    other = index[max(down, 0) : height + min(down, 0), max(across, 0) : width + min(across, 0)]
    return own.ravel(), other.ravel()
