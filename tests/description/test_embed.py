"""Texts and images are embedded in their own order, each different text once."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.description.embed import encode_images, encode_texts
from vlminterp.description.embedding_cache import EmbeddingCache

WORDS = st.lists(st.sampled_from(["a", "red", "owl", "elephant", "in", "snow"]), max_size=9)
TEXTS = st.lists(WORDS.map(" ".join), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def encoder(load_tiny):
    return load_tiny("hf", "float64")


@settings(max_examples=25, deadline=None)
@given(texts=TEXTS, batch_size=st.integers(1, 5))
def test_as_one_by_one(encoder, texts, batch_size):
    advanced = []
    found = encode_texts(encoder, texts, batch_size, advanced.append)
    with torch.no_grad():
        alone = torch.cat([encoder.encode_text(encoder.tokenize([text])) for text in texts])
    assert found.dtype is torch.float32
    assert torch.allclose(found.double(), alone, atol=1e-6)
    assert sum(advanced) == len(texts)


def test_each_different_text_once_and_likes_together(encoder, monkeypatch):
    batches = []
    tokenize = encoder.tokenize
    monkeypatch.setattr(encoder, "tokenize", lambda batch: batches.append(batch) or tokenize(batch))
    encode_texts(encoder, ["a red owl", "a", "a red owl", "an elephant", "b"], batch_size=2)
    assert batches == [["a", "b"], ["a red owl", "an elephant"]]


def test_nothing_to_embed(encoder):
    with pytest.raises(ValueError, match="no texts"):
        encode_texts(encoder, [])
    with pytest.raises(ValueError, match="no images"):
        encode_images(encoder, [])


def test_images_one_by_one(encoder, pictures, tmp_path):
    with torch.no_grad():
        pixels = [encoder.preprocess([picture]) for picture in pictures]
        alone = torch.cat([encoder.encode_image(one) for one in pixels])
    cache = EmbeddingCache(tmp_path, "tiny")
    for kept in (None, cache, cache):
        advanced = []
        found = encode_images(encoder, pictures, 3, kept, advanced.append)
        assert found.dtype is torch.float32
        assert torch.allclose(found.double(), alone, atol=1e-6)
        assert advanced == [3, 1]
