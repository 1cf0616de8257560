"""Pictures that stand in the place of what is taken out of a picture.

None is neutral: a mean colour is a sharp-edged shape that no model was trained on, a blur keeps the
colours, and another scene brings things of its own. Where a verdict depends on the fill, it is a
verdict about the fill. A picture of another scene needs no function: it is a fill as it is.
"""

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor


def mean_colour(values: Tensor) -> Tensor:
    """Returns the mean colour of the model's preprocessing, which is 0 after normalising.

    Args:
        values: Normalised pixels, `[3, H, W]`.

    Returns:
        `[3, H, W]`.
    """
    return torch.zeros_like(values)


def blurred_picture(values: Tensor, sigma: float = 0.08) -> Tensor:
    """Returns a picture in which no thing can be made out any more (Petsiuk et al., BMVC 2018).

    Args:
        values: Normalised pixels, `[3, H, W]`.
        sigma: σ of the Gaussian as a share of each side, > 0.

    Returns:
        `[3, H, W]`.

    Raises:
        ValueError: sigma is not positive.
    """
    if not sigma > 0:
        raise ValueError(f"sigma={sigma} must be positive")
    height, width = values.shape[1:]
    picture = values.detach().float().cpu().numpy()
    blur = gaussian_filter(picture, (0, sigma * height, sigma * width), mode="nearest")
    return torch.from_numpy(blur).to(values)
