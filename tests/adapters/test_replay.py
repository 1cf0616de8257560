"""Cutting by standing in for blocks, on a toy whose blocks hand on more than the stream."""

import pytest
import torch
from torch import nn

from tests.adapters.laws import assert_copies_follow
from vlminterp.adapters.dual_encoder import Tokens
from vlminterp.adapters.law import measure_law
from vlminterp.adapters.replay import StreamLayout, find_blocks
from vlminterp.adapters.replay_towers import ReplayText
from vlminterp.errors import ModelError


class Biased(nn.Module):
    """A block that hands on a bias for every input, as older T5 does."""

    def __init__(self):
        super().__init__()
        self.map = nn.Linear(4, 4).double()

    def forward(self, hidden, bias=None):
        bias = hidden.mean((1, 2)) if bias is None else bias
        return torch.tanh(self.map(hidden) + bias[:, None, None]), bias


class Toy(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4).double()
        self.blocks = nn.ModuleList([Biased() for _ in range(3)])

    def forward(self, ids, mask):
        hidden, bias = self.embedding(ids), None
        for block in self.blocks:
            hidden, bias = block(hidden, bias=bias)
        return hidden.mean(1)


@pytest.fixture
def tower():
    torch.manual_seed(0)
    toy = Toy()
    return ReplayText(toy, find_blocks(toy))


def tokens_of(seed):
    ids = torch.randint(0, 10, (2, 5), generator=torch.Generator().manual_seed(seed))
    mask = torch.ones_like(ids, dtype=torch.bool)
    return Tokens(ids, mask, ~mask, ((), ()), (False, False))


def test_copies_have_their_inputs_bias(tower):
    with torch.no_grad():
        assert_copies_follow(tower, tokens_of(0))


def test_what_goes_around_the_cut_is_seen(tower):
    """The bias is of the first input: the cut is whole, but not all of the second passes it."""
    law = measure_law(tower, tokens_of(0), tokens_of(1))
    assert law.error < 1e-12
    assert law.leak > 1e-3


def test_layouts_are_inverse():
    stream = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    first = StreamLayout.channels_first.to_tokens(stream)
    assert first.shape == (2, 20, 3)
    assert torch.equal(first[1, 5 + 2], stream[1, :, 1, 2])
    assert torch.equal(StreamLayout.channels_first.from_tokens(first, ((4, 5),) * 2), stream)
    last = StreamLayout.channels_last.to_tokens(stream)
    assert torch.equal(last[1, 4 + 2], stream[1, 1, 2])
    assert torch.equal(StreamLayout.channels_last.from_tokens(last, ((3, 4),) * 2), stream)


def test_a_tower_without_blocks():
    with pytest.raises(ModelError, match=r"a Linear has no list of blocks"):
        find_blocks(nn.Linear(2, 2))


def test_a_block_that_is_not_run(tower):
    stray = ReplayText(Toy(), list(Toy().blocks))
    with pytest.raises(ModelError, match=r"block 1 of this tower is not run by its encoder"):
        stray.prefix(tokens_of(0), 1)
