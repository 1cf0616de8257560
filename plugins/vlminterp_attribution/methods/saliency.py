"""Saliency: the length of the score's gradient at each token."""

from dataclasses import dataclass

from captum.attr import Saliency as CaptumSaliency
from torch import Tensor

from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Found, Needs, TokenMethod


@dataclass
class SaliencyOptions:
    """Options of saliency.

    Attributes:
        layer: The cut; by default the output of block 0 for images, the embeddings for text.
    """

    layer: int | float | str | None = None


class Saliency(TokenMethod):
    """Takes the length of the gradient at each token (Captum's, over all channels).

    The paper takes the maximum over three colour channels; over hundreds, the length tells more.
    """

    paper = "Simonyan, Vedaldi and Zisserman, Deep Inside Convolutional Networks, ICLR 2014"
    cost = "1 forward, 1 backward"
    needs = Needs.gradients
    Options = SaliencyOptions

    def explain(self, batch: PairBatch) -> Found:
        """Computes one gradient at the cut."""
        cut = Cut(batch, self.options.layer)
        hidden = cut.hidden.detach().requires_grad_()
        gradient: Tensor = CaptumSaliency(cut).attribute(hidden, abs=True)
        return Found(gradient.norm(dim=2), cut.state)
