"""HiResCAM: channels of each patch weighted by its own gradient."""

from torch import Tensor

from vlminterp_attribution.cam import CAM


class HiResCAM(CAM):
    """Weights each channel of each patch by its own gradient.

    Just before a block that reads patches through a norm alone, as the last block does, gradient
    times hidden state adds up to 0, because the norm takes every length away. So one more block
    runs after the default cut than for other CAMs.
    """

    paper = "Draelos and Carin, HiResCAM, 2020"
    blocks_behind = 2

    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """Returns the gradient g, `[B, N, C]`."""
        return gradient
