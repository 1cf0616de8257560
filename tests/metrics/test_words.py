"""A word is true by where it stands in the caption, and words are judged by that."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.adapters.dual_encoder import Word
from vlminterp.metrics.words import named, word_average_precision, word_pointing


def words(*spans):
    return [Word("", i + 1, i + 2, span) for i, span in enumerate(spans)]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(2, 11)], [1, 2]),  # "red panda"
        ([(4, 5)], [1]),  # a part is enough
        ([(5, 6)], []),  # the space between two words
        ([(0, 1), (6, 11)], [0, 2]),
        ([], []),
    ],
)
def test_words_in_spans(spans, expected):
    """Of "a red panda"."""
    found = named(words((0, 1), (2, 5), (6, 11)), spans)
    assert np.flatnonzero(found).tolist() == expected


def test_no_words():
    assert named([], [(0, 3)]).tolist() == []


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=9))
def test_any_caption(pieces):
    """Each word of a caption written from pieces is true where it was said to be."""
    spans, start = [], 0
    for length, _ in pieces:
        spans.append((start, start + length))
        start += length + 1
    truth = named(words(*spans), [s for s, (_, true) in zip(spans, pieces, strict=True) if true])
    assert truth.tolist() == [true for _, true in pieces]


def test_scores():
    truth = np.array([False, True, True, False])
    assert word_pointing([0.0, 3.0, 1.0, 2.0], truth) == 1
    assert word_pointing([0.0, 1.0, 1.0, 2.0], truth) == 0
    assert word_pointing([2.0, 2.0, 1.0, 0.0], truth) == 0.5
    assert word_average_precision([0.0, 3.0, 1.0, 2.0], truth) == pytest.approx((1 + 2 / 3) / 2)
    assert word_average_precision([1.0] * 4, truth) == 0.5
    assert math.isnan(word_pointing([1.0], np.array([False])))
    assert math.isnan(word_average_precision([], np.zeros(0, bool)))
