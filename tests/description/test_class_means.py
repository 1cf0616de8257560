"""Class means against a loop, what broken images do, and a cache that never lies."""

import numpy as np
import pytest
import torch
from PIL import Image

from vlminterp.data.concepts import Concept
from vlminterp.description.class_means import Skipped, class_means
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.errors import InputError


@pytest.fixture(scope="module")
def encoder(load_tiny):
    return load_tiny("hf")


def picture(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def shown(*seeds):
    return tuple(lambda seed=seed: picture(seed) for seed in seeds)


def broken():
    raise InputError("x.jpg: broken")


CONCEPTS = [
    Concept("c1", "owl", shown(0, 1, 2), shown(10, 11)),
    Concept("c2", "owl", (*shown(3), broken, *shown(4, 5, 6)), shown(12)),
]


@pytest.fixture
def count_encoded(encoder, monkeypatch):
    """Counts the images that the encoder sees."""
    seen = []
    encode = encoder.encode_image
    monkeypatch.setattr(
        encoder, "encode_image", lambda pixels: seen.append(len(pixels)) or encode(pixels)
    )
    return lambda: sum(seen)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_means_are_of_unit_vectors_and_shorter_than_one(encoder, batch_size):
    advanced = []
    found = class_means(encoder, CONCEPTS, batch_size=batch_size, on_advance=advanced.append)
    for mean, seeds in zip(found.means, [(0, 1, 2), (3, 4, 5, 6)], strict=True):
        with torch.no_grad():
            embedded = encoder.encode_image(encoder.preprocess([picture(s) for s in seeds]))
        assert torch.allclose(embedded.norm(dim=1), torch.ones(len(seeds)))
        assert torch.allclose(mean, embedded.mean(0), atol=1e-6)
        assert mean.norm() < 0.9999
    assert found.means.dtype is torch.float32
    assert (found.ids, found.names, found.counts) == (("c1", "c2"), ("owl", "owl"), (3, 4))
    assert found.skipped == (Skipped("c2", "x.jpg: broken"),)
    assert sum(advanced) == 8


def test_held_out_images_are_others(encoder):
    held_out = class_means(encoder, CONCEPTS, held_out=True)
    assert held_out.counts == (2, 1)
    alone = class_means(encoder, [Concept("x", "x", shown(12))])
    assert torch.allclose(held_out.means[1], alone.means[0], atol=1e-6)


@pytest.mark.parametrize(
    ("concepts", "held_out", "words"),
    [
        ([], False, "there are no concepts"),
        ([Concept("a", "cat", ())], False, r"concept 'cat' \(a\) has no images$"),
        ([Concept("a", "cat", shown(1))], True, r"concept 'cat' \(a\) has no held-out images$"),
        ([Concept("a", "cat", (broken, broken))], False, "none of its 2 images .*x.jpg: broken"),
        ([CONCEPTS[0], CONCEPTS[0]], False, "two concepts have the id 'c1'"),
    ],
)
def test_without_images(encoder, concepts, held_out, words):
    with pytest.raises(InputError, match=words):
        class_means(encoder, concepts, held_out=held_out)


def test_concepts_without_images_may_be_left_out(encoder):
    bad = Concept("bad", "bat", (broken, broken), (broken,))
    none = Concept("none", "cat", ())
    found = class_means(encoder, [bad, CONCEPTS[0], none, CONCEPTS[1]], fewest=2)
    whole = class_means(encoder, CONCEPTS)
    assert (found.ids, found.counts) == (("c1", "c2"), (3, 4))
    assert torch.equal(found.means, whole.means)
    assert [skip.concept for skip in found.skipped] == ["bad", "bad", "bad", "none", "c2"]
    assert found.skipped[2].reason == "none of its 2 images can be read"
    assert found.skipped[3].reason == "it has no images"
    assert len(class_means(encoder, [bad, none], held_out=True, fewest=0)) == 0


@pytest.mark.parametrize(
    ("fewest", "words"),
    [
        (1, r"^no concept has an image that can be read; the first without: concept 'bat' \(bad\)"),
        (2, r"^fewer than 2 of 3 concepts have an image that can be read; the first without: "),
        (3, r"^concept 'bat' \(bad\): none of its 1 images can be read"),
    ],
)
def test_but_not_too_many(encoder, fewest, words):
    bad = [Concept(name, "bat", (broken,)) for name in ("bad", "worse")]
    last = Concept("c", "owl", shown(1) if fewest > 1 else ())
    with pytest.raises(InputError, match=words):
        class_means(encoder, [*bad, last], fewest=fewest)


def test_the_cache_saves_work_and_changes_nothing(encoder, tmp_path, count_encoded):
    cache = EmbeddingCache(tmp_path / "cache", "tiny")
    first = class_means(encoder, CONCEPTS, batch_size=2, cache=cache)
    assert count_encoded() == 7
    again = class_means(encoder, CONCEPTS, batch_size=2, cache=cache)
    assert count_encoded() == 7
    assert torch.equal(first.means, again.means)
    assert again.skipped == first.skipped


def test_the_cache_knows_pixels_and_encoder(encoder, tmp_path, count_encoded):
    folder = tmp_path / "cache"
    plain = class_means(encoder, CONCEPTS)
    class_means(encoder, CONCEPTS, cache=EmbeddingCache(folder, "tiny"))
    changed = [Concept("c1", "owl", shown(0, 1, 7)), CONCEPTS[1]]
    before = count_encoded()
    found = class_means(encoder, changed, cache=EmbeddingCache(folder, "tiny"))
    assert count_encoded() == before + 3
    assert not torch.allclose(found.means[0], plain.means[0])
    assert torch.allclose(found.means[1], plain.means[1])
    class_means(encoder, CONCEPTS, cache=EmbeddingCache(folder, "another"))
    assert count_encoded() == before + 3 + 7


def test_large_images_make_smaller_batches(encoder, monkeypatch):
    whole, sizes, advanced = class_means(encoder, CONCEPTS).means, [], []
    preprocess = encoder.preprocess
    monkeypatch.setattr(
        encoder, "preprocess", lambda images: sizes.append(len(images)) or preprocess(images)
    )
    monkeypatch.setattr("vlminterp.description.class_means._MOST_PIXELS", 64 * 64)
    found = class_means(encoder, CONCEPTS, on_advance=advanced.append)
    assert torch.allclose(found.means, whole, atol=1e-6)
    assert max(sizes) == 2
    assert sum(advanced) == 8
