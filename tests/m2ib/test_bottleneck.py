"""The maths against closed forms and a slow float64 twin."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_m2ib.bottleneck import Gates, Prior, fit_bottleneck, information, mix
from vlminterp_m2ib.prior import prior_of
from vlminterp_m2ib.settings import Scale

from vlminterp.adapters.dual_encoder import State

NUMBERS = st.floats(-8, 8)


def divergence(mean, deviation):
    """KL(N(mean, deviation²) ‖ N(0, 1)) by its own closed form."""
    return 0.5 * (mean**2 + deviation**2 - 1) - math.log(deviation)


@given(hidden=NUMBERS, alpha=st.floats(-8, 8))
def test_information_is_the_divergence(hidden, alpha):
    gate = 1 / (1 + math.exp(-alpha))
    expected = divergence(gate * hidden, 1 - gate)
    given = torch.tensor([[hidden], [alpha]], dtype=torch.float64)
    found = information(*given)
    assert found.item() == pytest.approx(expected, abs=1e-9)
    assert found.item() >= -1e-9


def test_information_against_samples():
    """The divergence as torch integrates it, for a prior that is not standard."""
    prior = Prior(torch.tensor(0.7), torch.tensor(2.5))
    hidden, alpha = torch.tensor(3.0), torch.tensor(0.4)
    gate = alpha.sigmoid()
    posterior = torch.distributions.Normal(
        prior.mean + gate * (hidden - prior.mean), (1 - gate) * prior.deviation
    )
    other = torch.distributions.Normal(prior.mean, prior.deviation)
    expected = torch.distributions.kl_divergence(posterior, other)
    found = information((hidden - prior.mean) / prior.deviation, alpha)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("alpha", [17.0, 40.0, 300.0])
def test_open_gates_stay_finite(alpha):
    """λ rounds to 1 in float32 from α = 17 on; the authors' ln(1-λ) is infinite there."""
    at = torch.tensor([alpha], requires_grad=True)
    found = information(torch.tensor([2.0]), at)
    found.sum().backward()
    assert found.item() == pytest.approx(0.5 * (4 - 1) + alpha, rel=1e-5)
    assert torch.isfinite(at.grad).all()


def test_mix_has_the_priors_moments():
    hidden = torch.full((1, 1, 1), 4.0)
    prior = Prior(torch.full((1, 1, 1), 1.0), torch.full((1, 1, 1), 3.0))
    noise = torch.randn(1, 200_000, 1, 1, generator=torch.Generator().manual_seed(0))
    mixed = mix(hidden, torch.full((1, 1, 1), 0.25), noise, prior)
    assert mixed.mean().item() == pytest.approx(1 + 0.25 * 3, abs=0.03)
    assert mixed.std().item() == pytest.approx(0.75 * 3, abs=0.03)


def slow_twin(hidden, noises, weights, beta, learning_rate, per_token):
    """One pair, by hand: explicit Adam in float64, the loss as the paper writes it."""
    alpha = torch.full_like(hidden.mean(1, keepdim=True) if per_token else hidden, 5.0)
    first, second = torch.zeros_like(alpha), torch.zeros_like(alpha)
    for step, noise in enumerate(noises, 1):
        at = alpha.clone().requires_grad_()
        gate = torch.sigmoid(at)
        mixed = gate * hidden + (1 - gate) * noise
        fit = torch.tanh((mixed * weights).sum((1, 2))).mean()
        kl = 0.5 * (gate**2 * hidden**2 + (1 - gate) ** 2 - 1 - 2 * torch.log(1 - gate))
        if step == len(noises):
            return kl.detach(), fit.detach()
        (beta * kl.mean() - fit).backward()
        first = 0.9 * first + 0.1 * at.grad
        second = 0.999 * second + 0.001 * at.grad**2
        corrected = (second / (1 - 0.999**step)).sqrt() + 1e-8
        alpha = alpha - learning_rate * (first / (1 - 0.9**step)) / corrected
    raise AssertionError


@pytest.mark.parametrize("per_token", [False, True])
@pytest.mark.parametrize(("beta", "learning_rate"), [(0.1, 1.0), (1.0, 1.0), (3.0, 0.3)])
def test_fit_is_the_slow_twins(beta, learning_rate, per_token):
    generator = torch.Generator().manual_seed(1)
    pairs, copies, tokens, width, steps = 3, 4, 5, 6, 7
    hidden = torch.randn(pairs, tokens, width, generator=generator).double() * 2
    weights = torch.randn(tokens, width, generator=generator).double()
    noise = torch.randn(steps, pairs, copies, tokens, width, generator=generator).double()
    draws = iter(noise)
    prior = Prior(torch.zeros(1, 1, 1).double(), torch.ones(1, 1, 1).double())
    free = torch.ones(pairs, tokens, dtype=torch.bool)
    found = fit_bottleneck(
        lambda mixed: torch.tanh((mixed * weights).sum((1, 2))),
        hidden,
        prior,
        Gates(free, torch.ones(pairs, tokens).double()),
        lambda: next(draws),
        per_token=per_token,
        beta=beta,
        learning_rate=learning_rate,
        steps=steps,
    )
    assert next(draws, None) is None
    for pair in range(pairs):
        kl, fit = slow_twin(hidden[pair], noise[:, pair], weights, beta, learning_rate, per_token)
        torch.testing.assert_close(found.information[pair], kl, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(found.fit[pair, -1], fit, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(found.capacity[pair, -1], kl.sum(), rtol=1e-9, atol=1e-9)


def test_linear_tower_keeps_what_it_reads():
    """A score that reads one token: only that token's information stays."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1, 6, 8, generator=generator) + 1
    found = fit_bottleneck(
        lambda mixed: mixed[:, 2].mean(-1),
        hidden,
        Prior(torch.zeros(1, 1, 1), torch.ones(1, 1, 1)),
        Gates(torch.ones(1, 6, dtype=torch.bool), torch.ones(1, 6)),
        lambda: torch.randn(1, 10, 6, 8, generator=generator),
        beta=0.5,
        learning_rate=1.0,
        steps=10,
    )
    per_token = found.information.sum(-1)[0]
    assert per_token.argmax() == 2
    others = per_token[[0, 1, 3, 4, 5]]
    assert others.max() < 0.1 * per_token[2]
    assert found.capacity.shape == found.fit.shape == (1, 10)
    assert found.capacity[0, -1] < found.capacity[0, 0]


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_at_padding_costs_nothing(value):
    """A float16 tower may overflow there, where it never looks."""
    hidden = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    state = State(hidden, 0, mask, None, 0, None)
    prior = prior_of(hidden, state, Scale.standardised, 1.0)
    spoiled = torch.where(mask[:, :, None], hidden, value)
    found = prior_of(spoiled, state, Scale.standardised, 1.0)
    torch.testing.assert_close((found.mean, found.deviation), (prior.mean, prior.deviation))

    def score(mixed):
        return torch.where(mask.repeat_interleave(2, 0)[:, :, None], mixed, 0.0).sum((1, 2))

    def fit(start):
        noise = torch.randn(2, 2, 4, 3, generator=torch.Generator().manual_seed(1))
        gates = Gates(mask, torch.ones(2, 4))
        return fit_bottleneck(
            score, start, prior, gates, lambda: noise, beta=0.1, learning_rate=1.0, steps=3
        )

    first, second = fit(hidden), fit(spoiled)
    assert torch.isfinite(second.information).all()
    torch.testing.assert_close(first.information, second.information)
    torch.testing.assert_close(first.capacity, second.capacity)
