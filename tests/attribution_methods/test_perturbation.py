"""Perturbation methods against their definitions, counted out, and a tower that is linear."""

import itertools
import math

import pytest
import torch
from vlminterp_attribution.batch import Batches, PairBatch
from vlminterp_attribution.game import games
from vlminterp_attribution.registry import make_method

from vlminterp.adapters.dual_encoder import Geometry, Pixels, State, Tokens, Tower
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import Similarity

SIZE, PATCH = 12, 4
GRID = SIZE // PATCH


class Linear(Tower):
    """An image tower of one block whose score is a weighted sum of all pixels."""

    depth = 1

    def __init__(self):
        self.weight = torch.randn(3 * PATCH * PATCH, 1, generator=torch.Generator().manual_seed(0))
        self.places = torch.linspace(-1, 1, GRID * GRID)[None, :, None]

    def prefix(self, inputs, layer):
        patches = torch.nn.functional.unfold(inputs.values, PATCH, stride=PATCH).mT
        count = len(patches)
        everyone = torch.ones(patches.shape[:2], dtype=torch.bool)
        return State(patches, 0, everyone, None, 0, ((GRID, GRID),) * count)

    def advance(self, state, layer):
        return state

    def suffix(self, state):
        return (state.hidden @ self.weight * self.places).sum(1)


class LinearEncoder:
    """Its captions all have the embedding 1."""

    vision = Linear()

    def encode_text(self, tokens):
        return torch.ones(len(tokens), 1)


@pytest.fixture
def linear():
    """Two pictures, and what each patch adds."""
    values = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    pixels = Pixels(values, (Geometry((SIZE, SIZE), (0, 0, SIZE, SIZE)),) * 2)
    ids = torch.ones(2, 3, dtype=torch.long)
    tokens = Tokens(ids, ids.bool(), ~ids.bool(), ((), ()), (False, False))
    tower = LinearEncoder.vision
    hidden = tower.prefix(pixels, 0).hidden
    return pixels, tokens, (hidden @ tower.weight * tower.places)[..., 0]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("banzhaf", {"samples": 512}),  # exact: 2⁹ coalitions
        ("banzhaf", {"samples": 200, "ridge": 0.0}),
        ("kernelshap", {"samples": 512}),
        ("kernelshap", {"samples": 200, "ridge": 0.0}),
        ("occlusion", {"window": 1}),
        ("inputxgradient", {"layer": 0}),
        ("ig", {"layer": 0, "baseline": "zero", "steps": 1}),
    ],
)
def test_linear_tower(linear, name, options):
    """A patch's value is what it adds, whatever the others do."""
    pixels, tokens, expected = linear
    batches = Batches(LinearEncoder(), Similarity(), 0, {name: options})
    found = make_method(name, Side.image, batches).attribute(pixels, tokens)
    torch.testing.assert_close(found.scores, expected, rtol=1e-4, atol=1e-4)


def test_rise_on_a_linear_tower(linear):
    """Masks as fine as pixels: the map goes with the values of patches."""
    pixels, tokens, expected = linear
    options = {"rise": {"samples": 3000, "cells": SIZE}}
    batches = Batches(LinearEncoder(), Similarity(), 0, options)
    found = make_method("rise", Side.image, batches).attribute(pixels, tokens)
    for index in range(2):
        both = torch.stack([found.map(index).flatten(), expected[index]])
        assert torch.corrcoef(both)[0, 1] > 0.8


def played(encoder, pictures, index, caption):
    """The score of each set of a caption's words, by the sets as tuples."""
    pixels, tokens = encoder.preprocess([pictures[index]]), encoder.tokenize([caption])
    batch = PairBatch(encoder, Side.text, pixels, tokens, Similarity(), 0)
    (game,), _ = games(batch)
    sets = list(itertools.product([0, 1], repeat=game.players))
    return pixels, tokens, dict(zip(sets, game(torch.tensor(sets)).tolist(), strict=True))


def test_words_of_a_caption_are_players(encoder, pictures):
    """Deleting words is writing the caption without them."""
    pixels, _, scores = played(encoder, pictures, 1, "a small brown dog")
    image = encoder.encode_image(pixels)[0]
    for kept, text in {(1, 1, 1, 1): "a small brown dog", (1, 0, 0, 1): "a dog"}.items():
        own = encoder.encode_text(encoder.tokenize([text]))[0]
        assert scores[kept] == pytest.approx((own @ image).item(), abs=1e-9)


def with_player(kept, player):
    return (*kept[:player], 1, *kept[player + 1 :])


def test_banzhaf_by_definition(encoder, pictures, method_of):
    pixels, tokens, scores = played(encoder, pictures, 1, "a small brown dog")
    found = method_of("banzhaf", "text", samples=64).attribute(pixels, tokens).word_scores(0)
    for player, (_, value) in enumerate(found):
        gains = [scores[with_player(s, player)] - scores[s] for s in scores if not s[player]]
        assert value == pytest.approx(sum(gains) / len(gains), abs=1e-6)


def test_shapley_by_definition(encoder, pictures, method_of):
    """The mean over all orders; they add up to the whole less nothing."""
    pixels, tokens, scores = played(encoder, pictures, 1, "a small brown dog")
    found = method_of("kernelshap", "text", samples=64).attribute(pixels, tokens).word_scores(0)
    players = len(found)
    for player, (_, value) in enumerate(found):
        expected = sum(
            math.factorial(sum(s))
            * math.factorial(players - sum(s) - 1)
            / math.factorial(players)
            * (scores[with_player(s, player)] - scores[s])
            for s in scores
            if not s[player]
        )
        assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("samples", [24, 64])
def test_shapley_values_are_complete(inputs, encoder, method_of, samples):
    """On patches too, however few coalitions are played."""
    found = method_of("kernelshap", samples=samples).attribute(*inputs)
    batch = PairBatch(encoder, Side.image, *inputs, Similarity(), 0)
    for game, row in zip(games(batch)[0], found.scores, strict=True):
        empty, full = game(torch.stack([torch.zeros(game.shape), torch.ones(game.shape)])).tolist()
        assert row.sum().item() == pytest.approx(full - empty, abs=1e-5)


def test_occlusion_is_a_difference(encoder, inputs, method_of):
    """One patch painted with the mean colour, by hand."""
    found = method_of("occlusion", window=1).attribute(*inputs)
    rows, columns = found.grids[0]
    values = inputs[0].values.clone()
    height, width = values.shape[2] // rows, values.shape[3] // columns
    values[:, :, height : 2 * height, 2 * width : 3 * width] = 0
    text = encoder.encode_text(inputs[1])
    hidden = Pixels(values, inputs[0].geometry)
    expected = ((encoder.encode_image(inputs[0]) - encoder.encode_image(hidden)) * text).sum(-1)
    for index in range(4):
        assert found.map(index)[1, 2].item() == pytest.approx(expected[index].item(), abs=1e-6)
