"""What users hand to the library: each slip is one clear line; paths and arrays are pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

from vlminterp.adapters.dual_encoder import Pixels
from vlminterp.errors import InputError


@pytest.fixture(params=["hf", "open-clip"])
def encoder(request, load_tiny):
    return load_tiny(request.param)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a cat", r"takes a list of captions: tokenize\(\['a cat'\]\)"),
        ([], "no captions"),
        (["a cat", None], "caption 2 is no text but a NoneType"),
        ([float("nan")], "caption 1 is no text but a float"),
        ([["a cat", "a dog"]], "caption 1 is no text but a list"),
    ],
)
def test_captions(encoder, texts, message):
    with pytest.raises(InputError, match=message):
        encoder.tokenize(texts)


def test_pictures_of_every_kind(encoder, pictures, tmp_path):
    picture = pictures[1].convert("RGB")
    path = tmp_path / "a cat.png"
    picture.save(path)
    wanted = encoder.preprocess([picture])
    kinds = [path, str(path), path.read_bytes(), np.asarray(picture)]
    found = encoder.preprocess(kinds)
    for values, geometry in zip(found.values, found.geometry, strict=True):
        assert torch.equal(values, wanted.values[0])
        assert geometry == wanted.geometry[0]
    batch = np.stack([np.asarray(picture)] * 2)
    assert torch.equal(encoder.preprocess(batch).values[1], wanted.values[0])


def test_grey_and_transparent_arrays(encoder):
    grey = np.full((30, 40), 255, np.uint8)
    clear = np.zeros((30, 40, 4), np.uint8)
    white = Image.new("RGB", (40, 30), "white")
    found = encoder.preprocess([grey, clear, white]).values
    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[2])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("cat.png", r"takes a list of pictures: preprocess\(\[picture\]\)"),
        (Path("cat.png"), "takes a list of pictures"),
        (Image.new("RGB", (8, 8)), "takes a list of pictures"),
        (np.zeros((8, 8, 3), np.uint8), "takes a list of pictures"),
        ([], "no pictures"),
        (["nowhere.png"], r"nowhere\.png: no such file"),
        ([torch.zeros(3, 8, 8)], "picture 1 is a Tensor; give a path, a PIL image or a uint8"),
        ([np.zeros((8, 8, 3))], r"an array of float64 \[8, 8, 3\]; as a picture it is uint8"),
        ([np.zeros((3, 8, 8), np.uint8)], r"an array of uint8 \[3, 8, 8\]"),
        ([np.zeros((8, 8, 2), np.uint8)], r"an array of uint8 \[8, 8, 2\]"),
    ],
)
def test_no_pictures(encoder, images, message):
    with pytest.raises(InputError, match=message):
        encoder.preprocess(images)


@pytest.mark.parametrize("side", ["image", "text"])
def test_pairs_that_are_none(encoder, pictures, side):
    method = M2IB(encoder, side, Settings(steps=1, copies=2))
    pixels = encoder.preprocess(pictures[:1])
    with pytest.raises(InputError, match="1 image and 2 captions; give as many of both"):
        method.attribute(pixels, encoder.tokenize(["a cat", "a dog"]))
    two = Pixels(pixels.values.repeat(2, 1, 1, 1), pixels.geometry * 2)
    with pytest.raises(InputError, match="caption 2 is empty"):
        method.attribute(two, encoder.tokenize(["a cat", ""]))


def test_words_are_of_captions_and_maps_of_images(encoder, pictures):
    pixels, tokens = encoder.preprocess(pictures[:1]), encoder.tokenize(["a cat"])
    image, text = (
        M2IB(encoder, side, Settings(steps=1, copies=2)).attribute(pixels, tokens)
        for side in ("image", "text")
    )
    with pytest.raises(ValueError, match=r"an image explanation has a map, not words"):
        image.word_scores(0)
    with pytest.raises(ValueError, match=r"a text explanation has words, not a map"):
        text.on_image(0)
    assert text.word_scores(0)
    assert replace(text, words=((),)).word_scores(0) == []
