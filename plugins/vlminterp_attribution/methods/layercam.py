"""LayerCAM: channels of each patch weighted by its own positive gradient."""

from torch import Tensor

from vlminterp_attribution.cam import CAM


class LayerCAM(CAM):
    """Weights each channel of each patch by its own gradient, where that is positive."""

    paper = "Jiang et al., LayerCAM, IEEE TIP 2021"

    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """Returns g⁺, the gradient clipped at 0, `[B, N, C]`."""
        return gradient.clamp_min(0)
