"""Grad-CAM: channels weighted by their mean gradient."""

import torch
from torch import Tensor

from vlminterp_attribution.cam import CAM


class GradCAM(CAM):
    """Weights each channel by the mean of its gradient over the patches."""

    paper = "Selvaraju et al., Grad-CAM, ICCV 2017"

    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """Returns E_i[g_ic], the mean gradient over patches, `[B, 1, C]`."""
        inside = torch.where(patches, gradient, torch.zeros_like(gradient))
        return inside.sum(1, keepdim=True) / patches.sum(1, keepdim=True)
