"""Input × gradient: the hidden state times its gradient."""

from captum.attr import InputXGradient as CaptumInputXGradient
from torch import Tensor

from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.methods.saliency import SaliencyOptions


class InputXGradient(TokenMethod):
    """Multiplies each token's hidden state by its gradient (Captum's)."""

    paper = "Shrikumar et al., Not Just a Black Box, 2016"
    cost = "1 forward, 1 backward"
    needs = Needs.gradients
    Options = SaliencyOptions

    def explain(self, batch: PairBatch) -> Found:
        """Computes one gradient at the cut."""
        cut = Cut(batch, self.options.layer)
        hidden = cut.hidden.detach().requires_grad_()
        product: Tensor = CaptumInputXGradient(cut).attribute(hidden)
        return Found(product.sum(2), cut.state)
