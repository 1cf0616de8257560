"""Towers made of pre-norm transformer blocks, whose last block may be run at one token only.

That is faster, but right only while a module's weights alone say what it computes. So every call
checks again: a last block that was modified is called as it is, and a tower that was modified
around its blocks is replayed.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic

import torch
from torch import Tensor, nn
from torch.nn import functional

from vlminterp.adapters.dual_encoder import Inputs, Layer, State, Tower, unit_length
from vlminterp.adapters.recording import is_recording
from vlminterp.adapters.replay import ReplayState, ReplayTower


@dataclass(frozen=True)
class Attention:
    """The weights of one multi-head self-attention.

    Attributes:
        query_weight: Projection to queries, `[C, C]`; likewise key and value.
        query_bias: Bias of the queries, `[C]`; likewise value. A key bias is left out: it shifts
            all logits of a query alike, so that softmax drops it.
        output: Maps the concatenated heads `[B, C]` to the residual stream.
        heads: Number of heads.
    """

    query_weight: Tensor
    query_bias: Tensor
    key_weight: Tensor
    value_weight: Tensor
    value_bias: Tensor
    output: nn.Module
    heads: int


class Block(ABC):
    """A pre-norm block: x + attention(norm(x)), then x + mlp(norm(x))."""

    @abstractmethod
    def __call__(self, hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Runs the backend's own block on every token, `[B, N, C]` to `[B, N, C]`."""

    @abstractmethod
    def is_plain(self) -> bool:
        """Tells whether the block's weights alone say what it computes: no hook, no adapter."""

    @abstractmethod
    def attention_norm(self, hidden: Tensor) -> Tensor:
        """Applies the norm before the attention."""

    @abstractmethod
    def attention(self) -> Attention:
        """Returns the attention's weights."""

    @abstractmethod
    def add_attention(self, hidden: Tensor, attended: Tensor) -> Tensor:
        """Adds the attention's output to the residual stream."""

    @abstractmethod
    def add_mlp(self, hidden: Tensor) -> Tensor:
        """Runs norm and MLP, and adds the result to the residual stream."""

    def at_one_token(self, hidden: Tensor, position: Tensor, mask: Tensor | None) -> Tensor:
        """Computes the block's output at one token of each input, at a fraction of the cost.

        With a single query, keys and values need not be projected for all tokens:
        q·(W_k x) = (W_kᵀ q)·x, and Σ aᵢ (W_v xᵢ) = W_v (Σ aᵢ xᵢ).

        Args:
            hidden: Residual stream, `[B, N, C]`.
            position: Position of the token in each input, int64 `[B]`.
            mask: Added to the attention's logits, `[1 or B, 1, N, N]`, or None.

        Returns:
            Residual stream at that token, `[B, C]`.
        """
        attention = self.attention()
        batch, _, width = hidden.shape
        rows = torch.arange(batch, device=hidden.device)
        normed = self.attention_norm(hidden)
        per_head = (attention.heads, width // attention.heads, width)

        query = functional.linear(
            normed[rows, position], attention.query_weight, attention.query_bias
        ).view(batch, attention.heads, -1)
        query = query * query.shape[-1] ** -0.5
        key_query = torch.einsum("bhd,hdc->bhc", query, attention.key_weight.view(per_head))
        logits = torch.einsum("bhc,bnc->bhn", key_query, normed)
        if mask is not None:
            every = mask.expand(batch, -1, -1, -1)
            logits = logits + every[rows, :, position]
        mixed = torch.einsum("bhn,bnc->bhc", logits.softmax(-1), normed)
        attended = torch.einsum("bhc,hdc->bhd", mixed, attention.value_weight.view(per_head))
        attended = attended.reshape(batch, width) + attention.value_bias
        return self.add_mlp(self.add_attention(hidden[rows, position], attention.output(attended)))


class TransformerTower(Tower[Inputs], ABC, Generic[Inputs]):
    """A tower of pre-norm blocks.

    Args:
        blocks: The blocks, from the first to the last.
        replayed: The same tower, run by its model's own forward.
    """

    def __init__(self, blocks: Sequence[Block], replayed: ReplayTower[Inputs]) -> None:
        self.blocks = tuple(blocks)
        self._replayed: ReplayTower[Inputs] = replayed

    @property
    def depth(self) -> int:
        """Number of blocks."""
        return len(self.blocks)

    def modules(self) -> Iterable[nn.Module]:
        """Returns the modules of the blocks, inner ones included."""
        return self._replayed.modules()

    @abstractmethod
    def is_plain(self) -> bool:
        """Tells whether the modules around the blocks, which are not called, are unmodified."""

    @abstractmethod
    def embed(self, inputs: Inputs) -> State:
        """Returns the state before block 0."""

    @abstractmethod
    def pool(self, state: State) -> Tensor:
        """Runs everything after the last block; returns `[B, D]`, of any length."""

    def prefix(self, inputs: Inputs, layer: Layer) -> State:
        """Runs the tower up to a cut; see `Tower.prefix`."""
        if not self.is_plain():
            return self._replayed.prefix(inputs, layer)
        return self.advance(self.embed(inputs), layer)

    def advance(self, state: State, layer: Layer) -> State:
        """Runs the tower from one cut to another; see `Tower.advance`."""
        if isinstance(state, ReplayState):
            return self._replayed.advance(state, layer)
        for _ in range(state.block, self.resolve_later(layer, state)):
            state = self.run_block(state)
        return state

    def suffix(self, state: State) -> Tensor:
        """Runs the rest of the tower; see `Tower.suffix`."""
        if isinstance(state, ReplayState):
            return self._replayed.suffix(state)
        for _ in range(state.block + 1, self.depth - 1):
            state = self.run_block(state)
        if state.block < self.depth - 1:
            state = self.run_last_block(state)
        return unit_length(self.pool(state))

    def run_block(self, state: State) -> State:
        """Runs the block after the cut on every token."""
        block = state.block + 1
        hidden = self.blocks[block](state.hidden, state.attention_mask)
        return replace(state, hidden=hidden, block=block)

    def run_last_block(self, state: State) -> State:
        """Runs the last block, at the pooled token alone if there is one and nothing forbids it."""
        if state.pooled is None or is_recording() or not self.blocks[-1].is_plain():
            return self.run_block(state)
        hidden = self.blocks[-1].at_one_token(state.hidden, state.pooled, state.attention_mask)
        return replace(
            state,
            hidden=hidden[:, None],
            block=self.depth - 1,
            mask=state.mask.gather(1, state.pooled[:, None]),
            pooled=torch.zeros_like(state.pooled),
            attention_mask=None,
        )


def take_pooled(state: State) -> Tensor:
    """Returns the hidden state of the pooled token, `[B, C]`."""
    if state.pooled is None:
        raise ValueError("this tower pools over several tokens")
    return state.hidden[torch.arange(len(state.hidden), device=state.hidden.device), state.pooled]


def causal_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns the mask that a causal text tower adds to its attention logits.

    It is explicit because eager attention ignores causality that is given as a flag.

    Args:
        mask: True at tokens, False at padding, bool `[B, N]`.
        dtype: Type of the tower.

    Returns:
        0 where a token may look, the dtype's lowest value elsewhere; `[1, 1, N, N]` if nothing is
        padded, else `[B, 1, N, N]`.
    """
    length = mask.shape[1]
    allowed = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()[None, None]
    if not mask.all():
        # A padded position sees itself, so that no row is empty.
        itself = torch.eye(length, dtype=torch.bool, device=mask.device)
        allowed = allowed & (mask[:, None, None, :] | itself)
    added = torch.zeros(allowed.shape, dtype=dtype, device=mask.device)
    return added.masked_fill(~allowed, torch.finfo(dtype).min)
