"""CoIBA: one bottleneck that the attentions of several blocks share."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from vlminterp_m2ib.bottleneck import (
    INITIAL_ALPHA,
    Prior,
    fit_gates,
    information,
    mix,
)
from vlminterp_m2ib.prior import gates_of, prior_of
from vlminterp_m2ib.settings import PooledToken, Scale

from vlminterp.adapters.dual_encoder import EMBEDDINGS, State
from vlminterp.adapters.transformer import Block, TransformerTower
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.noise import PairNoise
from vlminterp.errors import ConfigError
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.method import Found, Needs, TokenMethod
from vlminterp_attribution.options import require_positive
from vlminterp_attribution.plain import require_plain


@dataclass
class CoIBAOptions:
    """Options of CoIBA.

    Attributes:
        first: The first block whose attention reads through the bottleneck; all later ones do too.
            The authors take 4 of 12; validation scenes chose 1 of 6 for images. For text, 0 is the
            default, since after one block the pooled token has already read the whole caption.
        beta: Weight of the information against the fit, > 0.
        steps: Forward passes, ≥ 1.
        copies: Noisy copies per step, ≥ 2 and even: half of them have the others' noise negated.
    """

    first: int = 1
    beta: float = 1.0
    steps: int = 10
    copies: int = 2

    def __post_init__(self) -> None:
        require_positive(beta=self.beta, steps=self.steps, copies=self.copies)
        if self.copies % 2:
            raise ConfigError(f"copies={self.copies} must be even")


class CoIBA(TokenMethod):
    """Fits one gate per token, which noises what every later attention reads of it.

    As the authors have it, a gate is shared by all channels and blocks, stands behind the norm
    before each attention, and is charged for its information at the first block alone, which bounds
    that at the others. Carried over from classifiers to two encoders: the score takes the place of
    the class's log-probability, and the noise has each input's own mean and deviation in each
    block, as in M2IB, in place of those of a data set.
    """

    paper = "Hong et al., Comprehensive Information Bottleneck, CVPR 2025"
    cost = "20 forward, 18 backward"
    needs = Needs.weights
    signs = False
    unit = "nats"
    Options = CoIBAOptions

    @classmethod
    def default_options(cls, side: Side) -> CoIBAOptions:
        """Returns the options for a side, which differ in the first block."""
        return CoIBAOptions(first=1 if side is Side.image else 0)

    def explain(self, batch: PairBatch) -> Found:
        """Fits the gates of each pair."""
        shared = _SharedBottleneck(
            require_plain(batch.tower, self.name), batch, self.options.first, self.options.copies
        )
        ask, options = batch.score, self.options

        def try_gates(alpha: Tensor) -> tuple[Tensor, Tensor]:
            return ask(shared.embed(alpha)), shared.information(alpha)

        fitted = fit_gates(
            try_gates,
            torch.full_like(shared.deviate[:, :, :1], INITIAL_ALPHA),
            shared.gates.free.sum(1) * shared.deviate.shape[2],
            beta=options.beta,
            learning_rate=1.0,
            steps=options.steps,
        )
        return Found(fitted.information.sum(2), shared.start)


class _SharedBottleneck:
    """The rest of a tower, with noise at the input of each attention.

    Args:
        tower: The explained tower.
        batch: The pairs.
        first: The first block with noise.
        copies: Noisy copies of each pair.
    """

    def __init__(
        self, tower: TransformerTower[Any], batch: PairBatch, first: int, copies: int
    ) -> None:
        first = tower.resolve_layer(first)
        with torch.no_grad():
            self.start = tower.prefix(batch.inputs, first - 1 if first else EMBEDDINGS)
            read = list(_read(tower, self.start))
        self._tower, self._copies = tower, copies
        self._priors = [prior_of(one, self.start, Scale.standardised, 1.0) for one in read]
        lengths = self.start.mask.sum(1).tolist()
        self._noise = PairNoise(batch.seeds, lengths, copies, read[0], antithetic=True)
        self.gates = gates_of(self.start, PooledToken.bottleneck, read[0].dtype)
        prior, self._nothing = self._priors[0], torch.zeros_like(read[0])
        self._free = self.gates.free[:, :, None]
        deviate = (read[0] - prior.mean) / prior.deviation
        self.deviate = torch.where(self._free, deviate, self._nothing)

    def information(self, alpha: Tensor) -> Tensor:
        """Returns the nats that each token and channel lets through at the first block."""
        return torch.where(self._free, information(self.deviate, alpha), self._nothing)

    def embed(self, alpha: Tensor) -> Tensor:
        """Returns embeddings of noisy copies, `[B·n, D]`; copy j of pair b is row b·n + j."""
        copies = self._copies
        gate = self.gates(alpha).repeat_interleave(copies, 0)
        state = self.start.with_hidden(self.start.hidden.repeat_interleave(copies, 0))
        for prior in self._priors:
            block = self._tower.blocks[state.block + 1]
            normed = block.attention_norm(state.hidden)
            everyone = Prior(
                prior.mean.repeat_interleave(copies, 0),
                prior.deviation.repeat_interleave(copies, 0),
            )
            noise = self._noise().flatten(0, 1)[:, None]
            noised = mix(normed.to(gate.dtype), gate, noise, everyone).to(normed.dtype)
            attended = _attend(block, noised, state.attention_mask)
            hidden = block.add_mlp(block.add_attention(state.hidden, attended))
            state = replace(state, hidden=hidden, block=state.block + 1)
        return self._tower.suffix(state)


def _read(tower: TransformerTower[Any], state: State) -> Iterator[Tensor]:
    """Yields what each later block's attention reads, `[B, N, C]`, in float32 at least."""
    for block in tower.blocks[state.block + 1 :]:
        normed = block.attention_norm(state.hidden)
        yield normed.to(torch.promote_types(normed.dtype, torch.float32))
        state = tower.run_block(state)


def _attend(block: Block, normed: Tensor, mask: Tensor | None) -> Tensor:
    """Runs a block's attention on other inputs than its own, `[B, N, C]`."""
    own = block.attention()
    query, key, value = (
        functional.linear(normed, weight, bias)
        .view(*normed.shape[:2], own.heads, -1)
        .transpose(1, 2)
        for weight, bias in (
            (own.query_weight, own.query_bias),
            (own.key_weight, None),
            (own.value_weight, own.value_bias),
        )
    )
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    attended: Tensor = own.output(mixed.transpose(1, 2).flatten(2))
    return attended
