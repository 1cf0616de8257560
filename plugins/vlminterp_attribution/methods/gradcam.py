"""`method=gradcam`."""

import torch
from torch import Tensor

from vlminterp_attribution.cam import CAM


class GradCAM(CAM):
    """Weights each channel by the mean of its gradient over the patches."""

    paper = "Selvaraju et al., Grad-CAM, ICCV 2017"

    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """E_i[g_ic], `[B, 1, C]`."""
        inside = torch.where(patches, gradient, torch.zeros_like(gradient))
        return inside.sum(1, keepdim=True) / patches.sum(1, keepdim=True)
