"""Integrated gradients: gradients averaged from a baseline to the hidden state."""

from dataclasses import dataclass, replace
from enum import Enum

import torch
from captum.attr import IntegratedGradients as CaptumIG
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from vlminterp.attribution.explanation import Side
from vlminterp.errors import ConfigError
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.options import require_positive

TOGETHER = 32
"""Number of points on all paths that run at once; at least one for each pair."""
BLUR = 1 / 16
"""Standard deviation of the blur, as a share of the picture's height."""


class Baseline(Enum):
    """The start of the path to the hidden state."""

    mean = "mean"
    """The mean patch (or token of a word) replaces each; CLS, begin and end stay as they are."""
    zero = "zero"
    """Zeros replace every token, as in NIB."""
    blur = "blur"
    """The hidden state of the blurred picture."""


class Quadrature(Enum):
    """The points on the path, by Captum's names of the rules that place them."""

    gauss = "gausslegendre"
    """Gauss and Legendre's points and weights."""
    right = "riemann_right"
    """The right ends of equal steps: the last point is the hidden state itself, as in NIB."""


@dataclass
class IGOptions:
    """Options of integrated gradients.

    Attributes:
        layer: The cut; by default the output of block 0 for images, the embeddings for text.
        steps: Number of points on the path, ≥ 1.
        baseline: Start of the path: `mean`, `zero` or, for images, `blur`; by default `mean` for
            images and `zero` for text.
        quadrature: The points on the path: `gauss` or `right`.
    """

    layer: int | float | str | None = None
    steps: int = 20
    baseline: Baseline = Baseline.mean
    quadrature: Quadrature = Quadrature.gauss

    def __post_init__(self) -> None:
        require_positive(steps=self.steps)


class IntegratedGradients(TokenMethod):
    """Averages gradients on the way from a baseline to the hidden state (Captum's).

    Contributions add up to the score of the pair less that of the baseline, but for the error of a
    finite number of steps.

    The Narrowing Information Bottleneck (NIB; Zhu et al., ICLR 2025) is this method with
    `baseline=zero quadrature=right steps=10`.
    """

    paper = "Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017"
    cost = "20 forward, 20 backward"
    needs = Needs.gradients
    Options = IGOptions

    @classmethod
    def default_options(cls, side: Side) -> IGOptions:
        """Returns the options that validation scenes have chosen for a side."""
        return IGOptions(baseline=Baseline.zero if side is Side.text else Baseline.mean)

    def explain(self, batch: PairBatch) -> Found:
        """Integrates gradients along a straight line."""
        cut = Cut(batch, self.options.layer)
        attribution: Tensor = CaptumIG(cut, multiply_by_inputs=True).attribute(
            cut.hidden.detach(),
            self._baseline(cut),
            n_steps=self.options.steps,
            method=self.options.quadrature.value,
            internal_batch_size=max(len(batch), TOGETHER),
        )
        return Found(attribution.sum(2), cut.state)

    def _baseline(self, cut: Cut) -> Tensor:
        if self.options.baseline is Baseline.mean:
            return cut.without_parts()
        if self.options.baseline is Baseline.zero:
            return torch.zeros_like(cut.hidden)
        if self.side is Side.text:
            raise ConfigError("ig: baseline=blur is for images; use mean or zero for text")
        pixels = cut.batch.pixels
        deviation = BLUR * pixels.values.shape[2]
        blurred = gaussian_blur(pixels.values, [2 * round(3 * deviation) + 1] * 2, [deviation] * 2)
        with torch.no_grad():
            state = cut.batch.tower.prefix(replace(pixels, values=blurred), _layer(cut.state.block))
        return state.hidden


def _layer(block: int) -> int | str:
    return "embeddings" if block < 0 else block
