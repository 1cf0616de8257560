"""Faithfulness: does the part that a heatmap marks as important carry the similarity?

Confidence drop and increase (Chattopadhay et al., WACV 2018, Grad-CAM++) in the absolute form that
M2IB and pytorch-grad-cam report: s is the cosine of the pair, s' that of the pair with one input
reduced to what the map marks. A map that marks everything never drops: read `coverage` beside them.
"""

from torch import Tensor
from torch.nn import functional

POINTS = 100.0
"""Cosines are reported in points, 100 to a cosine of 1, as in the published tables."""


def upsample(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Draws maps from the patch grid bilinearly on the model's input.

    Args:
        maps: One map per input, `[B, rows, columns]`.
        size: Height and width of the input, H and W.

    Returns:
        `[B, H, W]`, within the maps' own range.

    Example:
        >>> import torch
        >>> upsample(torch.tensor([[[0.0, 1.0]]]), (1, 4))
        tensor([[[0.0000, 0.2500, 0.7500, 1.0000]]])
    """
    drawn = functional.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)
    return drawn[:, 0]


def masked_pixels(values: Tensor, maps: Tensor) -> Tensor:
    """Multiplies each normalised image by its soft map: 0 becomes the data set's mean colour.

    Args:
        values: Normalised pixels, `[B, 3, H, W]`.
        maps: One map per image, in [0, 1], `[B, H, W]`.

    Returns:
        `[B, 3, H, W]`.

    Raises:
        ValueError: A map is not on its image's pixels, or leaves [0, 1].
    """
    if maps.shape != (len(values), *values.shape[2:]):
        # Broadcasting would take one row of a map for all of it: M2IB's own evaluation did.
        raise ValueError(f"maps {tuple(maps.shape)} don't fit images {tuple(values.shape)}")
    if not bool(((maps >= 0) & (maps <= 1)).all()):
        raise ValueError("maps must lie in [0, 1]")
    return values * maps[:, None]


def coverage(maps: Tensor) -> Tensor:
    """Returns the mean of each map: the share of the input that it lets through.

    Args:
        maps: One map per input, in [0, 1], `[B, ...]`.

    Returns:
        `[B]`, in [0, 1].
    """
    return maps.flatten(1).mean(1)


def confidence_drop(similarity: Tensor, masked_similarity: Tensor) -> Tensor:
    """Returns 100 · max(0, s - s'): the points of cosine lost when only the marked part is left.

    Args:
        similarity: s, cosine of the whole pair, `[B]`.
        masked_similarity: s', cosine of the reduced pair, `[B]`.

    Returns:
        `[B]`, in [0, 200]; lower is better.

    Example:
        >>> import torch
        >>> confidence_drop(torch.tensor([0.5, 0.25]), torch.tensor([0.25, 0.5]))
        tensor([25.,  0.])
    """
    return POINTS * (similarity - masked_similarity).clamp_min(0)


def confidence_increase(
    similarity: Tensor, masked_similarity: Tensor, tolerance: float = 1e-4
) -> Tensor:
    """Returns 100 · 1[s' > s + tolerance]: whether the marked part alone beats the whole.

    Args:
        similarity: s, cosine of the whole pair, `[B]`.
        masked_similarity: s', cosine of the reduced pair, `[B]`.
        tolerance: Growth of the cosine that does not count, ≥ 0; without it, rounding alone
            would count for half of the pairs whose map lets everything through.

    Returns:
        0 or 100 for each pair, `[B]`; higher is better.

    Example:
        >>> import torch
        >>> confidence_increase(torch.tensor([0.5, 0.25]), torch.tensor([0.25, 0.5]))
        tensor([  0., 100.])
    """
    return POINTS * (masked_similarity > similarity + tolerance).to(similarity.dtype)
