"""HiResCAM: channels of each patch weighted by its own gradient."""

from torch import Tensor

from vlminterp_attribution.cam import CAM


class HiResCAM(CAM):
    """Weights each channel of each patch by its own gradient."""

    paper = "Draelos and Carin, HiResCAM, 2020"

    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """Returns the gradient g, `[B, N, C]`."""
        return gradient
