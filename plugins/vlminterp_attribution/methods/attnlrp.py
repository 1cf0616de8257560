"""AttnLRP: the score passed back through the blocks, rule by rule."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.recording import RecordedAttention
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.linearised import FrozenNorms
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.methods.saliency import SaliencyOptions
from vlminterp_attribution.plain import require_plain


class AttnLRP(TokenMethod):
    """Passes the score back to the tokens by rules that share it among the inputs of each step.

    As in the authors' faster implementation, the rules are changed gradients, whose product with
    the hidden state is the relevance: a norm is linear, an activation is a factor, the two factors
    of a product take half each, and softmax has its own gradient. Biases and softmax keep a part of
    the relevance, so tokens do not add up to the score.
    """

    paper = "Achtibat et al., AttnLRP, ICML 2024"
    cost = "1 forward, 1 backward"
    needs = Needs.weights
    Options = SaliencyOptions

    def explain(self, batch: PairBatch) -> Found:
        """Runs the tower once, forward and backward, under the rules."""
        tower, _ = require_plain(batch.tower, self.name), batch.score
        cut = Cut(batch, self.options.layer)
        with FrozenNorms(ACTIVATIONS), tower.recording(_halve):
            relevance = cut.gradient() * cut.hidden
        return Found(relevance.sum(2), cut.state)


def _halve(attention: RecordedAttention) -> Tensor:
    """Gives each factor of an attention's two products half of the relevance.

    Queries and keys are factors of a factor: their logits share with the values.
    """
    for tensor, factor in ((attention.query, 4), (attention.key, 4), (attention.value, 2)):
        hook: Any = tensor.register_hook  # untyped in torch
        hook(lambda gradient, factor=factor: gradient / factor)
    return attention.probabilities


def _as_factor(activation: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Returns an activation f(x) as x · f(x)/x, whose second factor is constant."""

    def apply(values: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        output = activation(values.detach(), *args, **kwargs)
        safe = torch.where(values == 0, torch.ones_like(output), values.detach())
        return values * (output / safe)

    return apply


def _constant(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Returns a function whose output has no gradient: the gate of an activation x · g(x)."""
    return lambda *args, **kwargs: function(*args, **kwargs).detach()


ACTIVATIONS: dict[Any, Callable[..., Tensor]] = {
    functional.gelu: _as_factor(functional.gelu),
    functional.silu: _as_factor(functional.silu),
    torch.sigmoid: _constant(torch.sigmoid),
    torch.tanh: _constant(torch.tanh),
    torch.erf: _constant(torch.erf),
}
"""The activations of plain blocks, and the gates of those that are written out."""
