"""Base of the CAM family: weighted channels of a feature map, by the score's gradient on it."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor

from vlminterp.adapters.dual_encoder import Layer
from vlminterp.attribution.explanation import Side
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut, patches_of
from vlminterp_attribution.method import Found, Needs, TokenMethod


@dataclass
class CAMOptions:
    """Options of a CAM.

    Attributes:
        layer: The cut; by default the last one whose patches have gradients: the input of the
            last block where the tower pools one token (for `hirescam` of the block before it), else
            the output of the last block or stage.
    """

    layer: int | float | str | None = None


class CAM(TokenMethod):
    """A map (Σ_c w_ic h_ic)⁺ of the feature map h, by weights of its gradient g."""

    cost = "1 forward, 1 backward"
    needs = Needs.gradients
    signs = False
    sides = (Side.image,)
    Options = CAMOptions
    blocks_behind = 1

    @abstractmethod
    def weights(self, gradient: Tensor, patches: Tensor) -> Tensor:
        """Returns weights of tokens and channels, which broadcast over `[B, N, C]`.

        Args:
            gradient: Gradient of the score, `[B, N, C]`.
            patches: True at patches, False at other tokens, bool `[B, N, 1]`.
        """

    def explain(self, batch: PairBatch) -> Found:
        """Computes one gradient, and the map of the weighted channels."""
        cut = feature_map(batch, self.options.layer, self.blocks_behind)
        gradient = cut.gradient()
        weights = self.weights(gradient, patches_of(cut.state))
        return Found((weights * cut.hidden).sum(2).clamp_min(0), cut.state)


def feature_map(batch: PairBatch, layer: Layer | None, blocks_behind: int = 1) -> Cut:
    """Returns the cut whose channels are weighted.

    Args:
        batch: The pairs.
        layer: The cut; None for the default, see `CAMOptions`.
        blocks_behind: Blocks that run after the default cut, where the tower pools one token.
    """
    default = max(batch.tower.depth - 1 - blocks_behind, 0)
    cut = Cut(batch, default if layer is None else layer)
    if layer is None and cut.state.pooled is None:
        cut.advance(-1)
    return cut
