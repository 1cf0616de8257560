"""The information bottleneck of M2IB (Wang, Rudner and Wilson, NeurIPS 2023), as pure functions.

A gate λ = sigmoid(α) per token and channel, or per token, mixes the hidden state h with noise from
a prior:

    z = λ·h + (1 - λ)·(μ + σ·ε),   ε ~ N(0, 1),   prior r = N(μ, σ²)

What passes is bounded by KL(p(z|h) ‖ r). The paper's prior is N(0, 1) whatever h is; IBA (Schulz et
al., ICLR 2020) takes the hidden state's own mean and deviation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

INITIAL_ALPHA = 5.0
"""λ = 0.9933: nearly everything passes at first (the authors' start)."""


@dataclass(frozen=True)
class Prior:
    """The noise that a closed gate lets through: N(mean, deviation²), broadcast to `[B, N, C]`."""

    mean: Tensor
    deviation: Tensor


@dataclass(frozen=True)
class Gates:
    """The tokens in the bottleneck, and the gates of the others.

    Attributes:
        free: Tokens whose gates are fitted, bool `[B, N]`.
        fixed: λ of the others: 1 passes whole, 0 is blocked; `[B, N]`.
    """

    free: Tensor
    fixed: Tensor

    def __call__(self, alpha: Tensor) -> Tensor:
        """Returns the gates λ, of α's shape: `[B, N, C]` or, one per token, `[B, N, 1]`."""
        return torch.where(self.free[:, :, None], alpha.sigmoid(), self.fixed[:, :, None])


@dataclass(frozen=True)
class Bottleneck:
    """A fitted bottleneck.

    Attributes:
        information: Nats that each token and channel lets through, `[B, N, C]`; 0 at tokens that
            are not in the bottleneck.
        fit: Mean cosine over the noisy copies at each step, `[B, steps]`.
        capacity: Nats over all tokens at each step, `[B, steps]`.
    """

    information: Tensor
    fit: Tensor
    capacity: Tensor


def information(deviate: Tensor, alpha: Tensor) -> Tensor:
    """Returns the information that a gate lets through, in nats, per element.

    It is KL(N(μ + λ(h-μ), (1-λ)²σ²) ‖ N(μ, σ²)). With x = (h-μ)/σ, this is
    ½(λ²x² + (1-λ)² - 1) - ln(1-λ) (M2IB's capacity for μ = 0, σ = 1);
    ln(1-λ) = -softplus(α) does not overflow where λ rounds to 1.

    Args:
        deviate: x, any shape.
        alpha: α, a shape that broadcasts to x's.

    Returns:
        Non-negative, the shape of x.

    Example:
        >>> information(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 0.0]))
        tensor([0.3181, 0.8181])
    """
    gate = alpha.sigmoid()
    return 0.5 * ((gate * deviate).square() + (1 - gate).square() - 1) + functional.softplus(alpha)


def mix(hidden: Tensor, gate: Tensor, noise: Tensor, prior: Prior) -> Tensor:
    """Mixes noisy copies of a hidden state: λh + (1-λ)(μ + σε).

    Args:
        hidden: h, `[B, N, C]`.
        gate: λ, `[B, N, C]` or `[B, N, 1]`.
        noise: ε, standard normal, `[B, n, N, C]`.
        prior: μ and σ.

    Returns:
        `[B·n, N, C]`; copy j of pair b is row b·n + j.
    """
    signal = prior.mean + gate * (hidden - prior.mean)
    spread = (1 - gate) * prior.deviation
    return torch.addcmul(signal[:, None], spread[:, None], noise).flatten(0, 1)


def fit_bottleneck(  # noqa: PLR0913 - the objective's own symbols
    score: Callable[[Tensor], Tensor],
    hidden: Tensor,
    prior: Prior,
    gates: Gates,
    draw_noise: Callable[[], Tensor],
    *,
    per_token: bool = False,
    beta: float,
    learning_rate: float,
    steps: int,
) -> Bottleneck:
    """Finds, for each pair by itself, the gates that keep the score at the least information.

    Minimises β·mean(information over tokens in the bottleneck and channels) - mean(score over
    copies) with Adam. The map is the information of the last forward pass, after steps - 1
    updates, as in the authors' code; the last backward pass is not needed.

    Args:
        score: Function that returns the cosine with the other input's embedding, from
            `[B·n, N, C]` to `[B·n]`.
        hidden: h, `[B, N, C]`, float32 or float64.
        prior: The noise that closed gates let through.
        gates: The tokens in the bottleneck.
        draw_noise: Function that returns standard normal noise `[B, n, N, C]`, new at each call.
        per_token: Whether all channels of a token share a gate.
        beta: Weight of the information.
        learning_rate: Adam's learning rate, about how far one step moves an α.
        steps: Forward passes.

    Returns:
        The information, with fit and capacity at each step.
    """
    free = gates.free[:, :, None]
    # Selected, not multiplied: 0 · ∞ at the padding would make the whole pair NaN.
    nothing = torch.zeros_like(hidden)
    deviate = torch.where(free, (hidden - prior.mean) / prior.deviation, nothing)

    def try_gates(alpha: Tensor) -> tuple[Tensor, Tensor]:
        mixed = mix(hidden, gates(alpha), draw_noise(), prior)
        return score(mixed), torch.where(free, information(deviate, alpha), nothing)

    alpha = torch.full_like(hidden[:, :, :1] if per_token else hidden, INITIAL_ALPHA)
    elements = gates.free.sum(1) * hidden.shape[2]
    return fit_gates(
        try_gates, alpha, elements, beta=beta, learning_rate=learning_rate, steps=steps
    )


def fit_gates(
    try_gates: Callable[[Tensor], tuple[Tensor, Tensor]],
    alpha: Tensor,
    elements: Tensor,
    *,
    beta: float,
    learning_rate: float,
    steps: int,
) -> Bottleneck:
    """Lowers β·information / elements - mean(score over copies) of each pair with Adam.

    Args:
        try_gates: Function of α that returns the scores of n noisy copies, `[B·n]`, and the
            information that passes, `[B, N, C]`.
        alpha: The first α; the first axis is that of pairs. It is changed in place.
        elements: Number of elements in the bottleneck of each pair, `[B]`.
        beta: Weight of the information.
        learning_rate: Adam's learning rate.
        steps: Forward passes.

    Returns:
        The information of the last forward pass, with fit and capacity at each step.
    """
    alpha.requires_grad_()
    optimiser = torch.optim.Adam([alpha], lr=learning_rate)
    fits, capacities = [], []
    for step in range(steps):
        last = step == steps - 1
        with torch.set_grad_enabled(not last):
            scores, passed = try_gates(alpha)
            scores = scores.view(len(alpha), -1).mean(1)
            capacity = passed.sum((1, 2))
            loss = (beta * capacity / elements - scores).sum()
        fits.append(scores.detach())
        capacities.append(capacity.detach())
        if not last:
            (alpha.grad,) = torch.autograd.grad(loss, [alpha])
            optimiser.step()
    return Bottleneck(passed.detach(), torch.stack(fits, 1), torch.stack(capacities, 1))
