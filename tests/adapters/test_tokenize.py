"""Words from pieces, truncation, and captions in any script, through both backends."""

import pytest
import torch

from tests.adapters.laws import assert_words_cover_all_but_specials
from vlminterp.adapters.dual_encoder import Word


@pytest.fixture(params=["hf", "open-clip"])
def encoder(request, load_tiny):
    return load_tiny(request.param)


def test_words_cover_all_but_specials(encoder):
    tokens = encoder.tokenize(["a photo of an axolotl, resting", "two dogs"])
    assert_words_cover_all_but_specials(tokens)


def test_words_are_not_pieces(encoder):
    words = encoder.tokenize(["An AXOLOTL rests"]).words[0]
    assert [word.text for word in words] == ["An", "AXOLOTL", "rests"]
    assert words[1].stop - words[1].start > 1


def test_padding_is_special_and_masked(encoder):
    tokens = encoder.tokenize(["a dog", "a very small brown dog"])
    assert tokens.mask.sum(1).tolist() == [4, 7]
    assert tokens.special[0].tolist() == [True, False, False, True, True, True, True]


def test_truncation_is_told(encoder):
    tokens = encoder.tokenize(["dog " * 50, "dog"])
    assert tokens.truncated == (True, False)
    assert tokens.ids.shape[1] == 20
    assert tokens.ids[0, -1] == 49407
    assert len(tokens.words[0]) == 18


@pytest.mark.parametrize(
    "text", ["🐱 on a mat", "кошка", "猫が好き", "<|nope|>", "a\nb\tc", "é" * 9]
)
def test_any_script(encoder, text):
    tokens = encoder.tokenize([text])
    assert torch.isfinite(encoder.encode_text(tokens)).all()
    assert tokens.words[0]
    assert not any(tokens.truncated)


def test_no_words(encoder):
    tokens = encoder.tokenize([""])
    assert tokens.words == ((),)
    assert tokens.special.all()


def test_backends_agree(load_tiny, captions):
    ours, theirs = (load_tiny(name).tokenize(captions) for name in ("hf", "open-clip"))
    assert torch.equal(ours.mask, theirs.mask)
    assert torch.equal(ours.ids[ours.mask], theirs.ids[theirs.mask])
    assert torch.equal(ours.special, theirs.special)
    assert ours.words == theirs.words


def test_word_of_one_token(encoder):
    assert encoder.tokenize(["cat"]).words[0] == (Word("cat", 1, 2, (0, 3)),)
