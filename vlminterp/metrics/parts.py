"""Sets of patches in the order of a map, and pictures in which a set is replaced."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def hottest(heat: Tensor, counts: Tensor, seed: int = 0) -> Tensor:
    """Marks the hottest parts: patches of a map, or words.

    Ties are broken at random. A map that says nothing is so in a random order, not in that of
    reading, and has as many steps as any other.

    Args:
        heat: Scores, `[rows, columns]` or any other shape.
        counts: Number of parts to mark, int64 `[n]`.
        seed: Seed by which ties are broken.

    Returns:
        bool `[n, *heat.shape]`.

    Example:
        >>> hottest(torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1, 2])).int().tolist()
        [[1, 0, 0], [1, 0, 1]]
    """
    scores = heat.detach().flatten().double().cpu().numpy()
    chance = np.random.default_rng(seed).random(len(scores))
    ranks = torch.empty(len(scores), dtype=torch.int64)
    ranks[torch.from_numpy(np.lexsort((chance, -scores)))] = torch.arange(len(scores))
    return (ranks < counts[:, None]).reshape(-1, *heat.shape)


def evenly(parts: int, steps: int) -> Tensor:
    """Returns counts from none to all of the parts, int64 `[steps + 1]`.

    Raises:
        ValueError: There is no step.

    Example:
        >>> evenly(64, 4).tolist()
        [0, 16, 32, 48, 64]
    """
    if steps < 1:
        raise ValueError(f"steps={steps} must be at least 1")
    return torch.linspace(0, parts, steps + 1).round().long()


def replaced(
    values: Tensor, fill: Tensor, patches: Tensor, covered: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """Returns a picture with some patches replaced by those of another.

    Args:
        values: Normalised pixels, `[3, H, W]`.
        fill: Pixels in the place of patches, of the same shape; see `vlminterp.metrics.fills`.
        patches: Patches to replace, bool `[n, rows, columns]`.
        covered: Share of the picture's height and width that the patches cover, from the top left,
            as `Explanation.coverage` has it.

    Returns:
        `[n, 3, H, W]`.

    Raises:
        ValueError: The fill has another shape than the picture.
    """
    if fill.shape != values.shape:
        raise ValueError(f"fill {tuple(fill.shape)} doesn't fit values {tuple(values.shape)}")
    mask = on_pixels(patches, (values.shape[1], values.shape[2]), covered).to(values.device)
    return torch.where(mask[:, None], fill, values)


def on_pixels(
    patches: Tensor, size: tuple[int, int], covered: tuple[float, float] = (1.0, 1.0)
) -> Tensor:
    """Draws sets of patches on pixels, each patch as a rectangle.

    Args:
        patches: Sets of patches, bool `[n, rows, columns]`.
        size: Height and width of the picture.
        covered: Share of them that the patches cover, from the top left.

    Returns:
        bool `[n, H, W]`; False where no patch is.

    Example:
        >>> on_pixels(torch.tensor([[[True, False]]]), (1, 5), (1.0, 0.8)).int().tolist()
        [[[1, 1, 0, 0, 0]]]
    """
    region = [round(share * edge) for share, edge in zip(covered, size, strict=True)]
    drawn = functional.interpolate(patches[:, None].float(), region, mode="nearest")[:, 0] > 0
    mask = torch.zeros(len(patches), *size, dtype=torch.bool)
    height, width = (min(pair) for pair in zip(region, size, strict=True))
    mask[:, :height, :width] = drawn[:, :height, :width]
    return mask
