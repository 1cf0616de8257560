"""The tokenizer's words are found again in the caption, and judged."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.adapters.dual_encoder import Word
from vlminterp.metrics.words import named, word_average_precision, word_pointing


def words(*texts):
    return [Word(text, index + 1, index + 2) for index, text in enumerate(texts)]


def spans(text, *pieces):
    return [(text.index(piece), text.index(piece) + len(piece)) for piece in pieces]


@pytest.mark.parametrize(
    ("text", "named_parts", "pieces", "expected"),
    [
        ("A red panda in the Forest.", ["red panda"], "a red panda in the forest .", [1, 2]),
        ("the dog's ball", ["dog's"], "the dog 's ball", [1, 2]),
        ("a cat, a Cat", ["Cat"], "a cat , a cat", [4]),  # by order, not by spelling
        ("a fox and a firefox", ["fox and"], "a fox and a firefox", [1, 2]),
        ("a half-moon", ["moon"], "a half - moon", [3]),
        ("a T-shirt", ["T-shirt"], "a t - shirt", [1, 2, 3]),
        ("İstanbul cat", ["cat"], "i̇stanbul cat", [1]),  # lowering changes the length
        ("ein Fuß, 狗 🐕", ["狗", "🐕"], "ein fuß , 狗 🐕", [3, 4]),
        ("a cat", [], "a cat", []),
        ("a fluffy cat", ["fluff"], "a fluffy cat", [1]),  # a part is enough
    ],
)
def test_words_in_spans(text, named_parts, pieces, expected):
    found = named(words(*pieces.split()), text, spans(text, *named_parts))
    assert np.flatnonzero(found).tolist() == expected


def test_a_rewritten_word_is_not_found_and_loses_nobody_else():
    # open_clip's ftfy turns “ into "
    text = "a “red” cat"
    found = named(words("a", '"', "red", '"', "cat"), text, spans(text, "red", "cat"))
    assert np.flatnonzero(found).tolist() == [2, 4]


def test_a_truncated_caption():
    text = "a dog and a cat"
    assert not named(words("a", "dog"), text, spans(text, "cat")).any()
    assert not named([], text, spans(text, "cat")).any()


@given(st.lists(st.tuples(st.sampled_from(["a", "an", "ant", "b"]), st.booleans()), max_size=9))
def test_any_caption(pieces):
    """Each word of a caption written from pieces is found where it was written."""
    text, parts = "", []
    for piece, is_named in pieces:
        if is_named:
            parts.append((len(text), len(text) + len(piece)))
        text += piece.title() + " "
    truth = named(words(*(piece for piece, _ in pieces)), text, parts)
    assert truth.tolist() == [is_named for _, is_named in pieces]


def test_scores():
    truth = np.array([False, True, True, False])
    assert word_pointing([0.0, 3.0, 1.0, 2.0], truth) == 1
    assert word_pointing([0.0, 1.0, 1.0, 2.0], truth) == 0
    assert word_pointing([2.0, 2.0, 1.0, 0.0], truth) == 0.5
    assert word_average_precision([0.0, 3.0, 1.0, 2.0], truth) == pytest.approx((1 + 2 / 3) / 2)
    assert word_average_precision([1.0] * 4, truth) == 0.5
    assert math.isnan(word_pointing([1.0], np.array([False])))
    assert math.isnan(word_average_precision([], np.zeros(0, bool)))
