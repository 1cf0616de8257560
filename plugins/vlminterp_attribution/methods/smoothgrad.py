"""SmoothGrad: saliency averaged over noisy copies of the hidden state."""

from dataclasses import dataclass

import torch

from vlminterp.attribution.noise import PairNoise
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.options import require_positive


@dataclass
class SmoothGradOptions:
    """Options of SmoothGrad.

    Attributes:
        layer: The cut; by default the output of block 0 for images, the embeddings for text.
        samples: Number of noisy copies of each pair, ≥ 1.
        noise: Standard deviation of the noise, as a share of the hidden state's range, > 0.
    """

    layer: int | float | str | None = None
    samples: int = 20
    noise: float = 0.15

    def __post_init__(self) -> None:
        require_positive(samples=self.samples, noise=self.noise)


class SmoothGrad(TokenMethod):
    """Averages the length of gradients at noisy copies of the hidden state.

    Captum's `NoiseTunnel` draws from one stream for the whole batch; here each pair has its own.
    """

    paper = "Smilkov et al., SmoothGrad, 2017"
    cost = "20 forward, 20 backward"
    needs = Needs.gradients
    Options = SmoothGradOptions

    def explain(self, batch: PairBatch) -> Found:
        """Averages over one noisy copy after the other."""
        cut, options = Cut(batch, self.options.layer), self.options
        lengths = cut.state.mask.sum(1).tolist()
        draw = PairNoise(batch.seeds, lengths, 1, cut.hidden, antithetic=False)
        inside = cut.state.mask[:, :, None]
        highest = cut.hidden.masked_fill(~inside, -torch.inf).amax((1, 2))
        lowest = cut.hidden.masked_fill(~inside, torch.inf).amin((1, 2))
        deviation = options.noise * (highest - lowest)[:, None, None]
        total = torch.zeros_like(cut.hidden[:, :, 0])
        for _ in range(options.samples):
            noisy = (cut.hidden + deviation * draw()[:, 0]).detach().requires_grad_()
            with torch.enable_grad():
                score = cut(noisy).sum()
            (gradient,) = torch.autograd.grad(score, [noisy])
            total += gradient.norm(dim=2)
        return Found(total / options.samples, cut.state)
