"""Versions of one picture or caption score as the encoder scores them one by one."""

import pytest
import torch

import vlminterp
from vlminterp.adapters.dual_encoder import Pixels
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity
from vlminterp.attribution.versions import score_captions, score_pictures
from vlminterp.metrics.curves import deletion, word_deletion
from vlminterp.metrics.fills import mean_colour
from vlminterp.planted.source import PlantedConfig, PlantedSource


@pytest.fixture(scope="module")
def pair():
    """The second of two planted pairs, and its VLM."""
    encoder = vlminterp.load("planted-base", "cpu")
    source = PlantedSource(PlantedConfig(pairs=2, objects=1))
    pairs = [source.pair(index) for index in range(2)]
    pixels = encoder.preprocess([one.load_image() for one in pairs])
    return encoder, pixels, encoder.tokenize([one.text for one in pairs])


def test_pictures(pair):
    encoder, pixels, tokens = pair
    question = Similarity().score(encoder, Side.image, pixels, tokens)
    score = score_pictures(encoder, pixels, 1, question)
    own = pixels.of(1)
    heat = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    curve = deletion(score, own, heat, mean_colour(own), steps=64)
    with torch.no_grad():
        text = encoder.encode_text(tokens)[1]
        for gone in (0, 20, 64):
            changed = own.clone()
            for place in heat.flatten().argsort(descending=True)[:gone].tolist():
                row, column = divmod(place, 8)
                changed[:, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16] = 0
            alone = Pixels(changed[None], pixels.geometry[1:])
            expected = (encoder.encode_image(alone)[0] @ text).item()
            assert curve.scores[gone] == pytest.approx(expected, abs=1e-5)


def test_captions(pair):
    encoder, pixels, tokens = pair
    question = Similarity().score(encoder, Side.text, pixels, tokens)
    score = score_captions(encoder, tokens, 1, question)
    words = [word.text for word in tokens.words[1]]
    heat = torch.arange(len(words), dtype=torch.float32)  # the last word goes first
    curve = word_deletion(score, heat)
    with torch.no_grad():
        image = encoder.encode_image(pixels)[1]
        for gone in range(len(words)):
            rest = encoder.tokenize([" ".join(words[: len(words) - gone])])
            expected = (encoder.encode_text(rest)[0] @ image).item()
            assert curve.scores[gone] == pytest.approx(expected, abs=1e-5)
