"""What holds for the adapter of any family."""

import itertools

import torch
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from vlminterp.adapters.dual_encoder import EMBEDDINGS
from vlminterp.adapters.law import least_drop, measure_law


def assert_law(encoder, pixels, tokens):
    """At every cut, in float64, and something is at stake in each; each side has two inputs."""
    for tower, inputs in ((encoder.vision, pixels), (encoder.text, tokens)):
        law = measure_law(tower, *inputs)
        assert law.cuts == tower.depth + 1 >= 3
        assert law.error < 1e-12
        assert law.leak < 1e-12
        assert law.apart > 1e-3
        assert least_drop(tower, inputs[0]) > 1e-3
        assert_copies_follow(tower, inputs[0])
        assert_advances(tower, inputs[0])


def assert_copies_follow(tower, inputs):
    """Copy j of input b is row b·n + j, at every cut."""
    whole = tower.encode(inputs).repeat_interleave(3, dim=0)
    for layer in [EMBEDDINGS, *range(tower.depth)]:
        state = tower.prefix(inputs, layer)
        copies = state.with_hidden(state.hidden.repeat_interleave(3, dim=0))
        # AIMv2 computes its softmax in float32, whose last digit hangs on the batch.
        torch.testing.assert_close(tower.suffix(copies), whole, rtol=0, atol=1e-6)


def assert_advances(tower, inputs):
    """From any cut to the next, and from the first to the last, also with copies of each input."""
    places = [EMBEDDINGS, *range(tower.depth)]
    for begin, end in [*itertools.pairwise(places), (EMBEDDINGS, tower.depth - 1)]:
        state, expected = tower.prefix(inputs, begin), tower.prefix(inputs, end)
        found = tower.advance(state.with_hidden(state.hidden.repeat_interleave(3, dim=0)), end)
        assert (found.block, found.grids) == (
            expected.block,
            tuple(grid for grid in expected.grids for _ in range(3)),
        )
        whole = expected.hidden.repeat_interleave(3, dim=0)
        rounding = 1e-6 * max(float(whole.abs().max()), 1)  # hidden states have any length
        torch.testing.assert_close(found.hidden, whole, rtol=0, atol=rounding)
        embedding = tower.suffix(expected).repeat_interleave(3, dim=0)
        torch.testing.assert_close(tower.suffix(found), embedding, rtol=0, atol=1e-6)


def assert_explained(encoder, pixels, tokens, side):
    """A short M2IB is finite, and a picture's map has its grid."""
    found = M2IB(encoder, side, Settings(steps=2, copies=2)).attribute(pixels, tokens)
    assert torch.isfinite(found.scores).all()
    if side == "image":
        assert len(found.grids) == len(pixels)
        for index, (rows, columns) in enumerate(found.grids):
            assert found.map(index).shape == (rows, columns)
            assert rows > 1


def assert_words_cover_all_but_specials(tokens):
    """Every token that the tokenizer did not add is in exactly one word."""
    for row, words in enumerate(tokens.words):
        covered = torch.zeros_like(tokens.mask[row])
        for word in words:
            assert word.start < word.stop
            assert not covered[word.start : word.stop].any()
            covered[word.start : word.stop] = True
        assert torch.equal(covered, ~tokens.special[row])
