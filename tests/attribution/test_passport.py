"""A passport knows how far a map can be trusted, from interventions on the picture alone."""

from functools import cache

import numpy as np
import pytest
import torch
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

import vlminterp
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.passport.anagrams import anagrams
from vlminterp.attribution.passport.attributor import with_passports
from vlminterp.attribution.passport.calibration import (
    Calibration,
    probabilities,
    shipped_calibrations,
)
from vlminterp.attribution.passport.probe import Probe
from vlminterp.attribution.targets import Similarity
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.report.passport import stamp

NUMBERS = {"trust", "nothing", "gain", "wording", "foresight", "left"}
SCENES = 8


class Linear:
    """A picture whose score is the sum of the weights that are shown."""

    def __init__(self, weights):
        self.weights = torch.as_tensor(weights, dtype=torch.float64)
        self.shape = tuple(self.weights.shape)

    def __call__(self, kept):
        grown = torch.nn.functional.interpolate(kept[:, None].double(), self.shape, mode="nearest")
        return (grown[:, 0] * self.weights).sum((1, 2))


@pytest.fixture
def weights():
    return np.random.default_rng(0).random((8, 8)) ** 3


def test_the_right_map_of_a_linear_score(weights):
    probe = Probe(Linear(weights), 0, 2.0)
    found = probe.of_map(torch.tensor(weights))
    assert probe.gain == pytest.approx(2 * weights.sum())
    assert found["foresight"] == pytest.approx(1)
    assert found["left"] == pytest.approx(2 * np.sort(weights.ravel())[:-16].sum())


def test_the_wrong_map_of_a_linear_score(weights):
    found = Probe(Linear(weights), 0, 1.0).of_map(torch.tensor(weights.max() - weights))
    assert found["foresight"] == pytest.approx(-1)
    assert found["left"] == pytest.approx(np.sort(weights.ravel())[16:].sum())


def test_a_map_that_says_nothing(weights):
    for heat in (torch.zeros(8, 8), -torch.tensor(weights)):
        assert Probe(Linear(weights), 0, 1.0).of_map(heat)["foresight"] == 0


def test_a_finer_grid_has_as_many_parts(weights):
    """Each weight is spread over four patches, so that all falls are four times as large."""
    fine = weights.repeat(2, 0).repeat(2, 1)
    coarse = Probe(Linear(weights), 0, 4.0).of_map(torch.tensor(weights))
    assert Probe(Linear(fine), 0, 1.0).of_map(torch.tensor(fine)) == pytest.approx(coarse)


def test_anagrams_keep_the_letters_of_each_word():
    words = ["a", "purple", "jellyfish"]
    for anagram in anagrams(words):
        assert [sorted(word) for word in anagram.split()] == [sorted(word) for word in words]
    assert anagrams(words) == anagrams(words)
    assert len(set(anagrams(words))) > 1


def test_probabilities_are_logistic_regressions_one_after_the_other():
    right = Calibration(0.5, {"a": 1.0, "b": 0.0}, {"a": 2.0, "b": 1.0}, {"a": 3.0, "b": -1.0})
    nothing = Calibration(0.0, {"c": 0.0}, {"c": 1.0}, {"c": 1.0})
    said = probabilities({"a": 2.0, "b": 4.0, "c": 1.0}, {"right": right, "nothing": nothing})
    assert said["nothing"] == pytest.approx(1 / (1 + np.exp(-1)))
    of_answered = 1 / (1 + np.exp(-(0.5 + 1.5 - 4.0)))
    assert said["trust"] == pytest.approx(of_answered * (1 - said["nothing"]))


def test_shipped_calibrations_point_the_right_way():
    shipped = shipped_calibrations()
    assert shipped["right"].weights["foresight"] > 0 > shipped["right"].weights["left"]
    assert shipped["nothing"].weights["wording"] < 0 > shipped["nothing"].weights["gain"]


@cache
def encoder_of(model):
    return vlminterp.load(model, "cpu")


def explained(model, method, captions=None, scenes=range(SCENES)):
    """Explains planted scenes of one object, captioned truly unless captions are given."""
    encoder = encoder_of(model)
    source = PlantedSource(PlantedConfig(pairs=1, objects=1))
    pairs = [source.pair(index) for index in scenes]
    plain = make_method(method, Side.image, Batches(encoder, Similarity(), 0))
    (attributor,) = with_passports([plain], encoder, 0)
    pixels = encoder.preprocess([pair.load_image() for pair in pairs])
    return attributor.attribute(pixels, encoder.tokenize(captions or [pair.text for pair in pairs]))


def test_a_passport_depends_neither_on_its_batch_nor_on_the_time():
    together, again = explained("planted-base", "gae"), explained("planted-base", "gae")
    alone = explained("planted-base", "gae", scenes=[3])
    assert set(together.numbers) == NUMBERS
    for name, values in together.numbers.items():
        assert torch.equal(values, again.numbers[name])
        torch.testing.assert_close(values[3:4], alone.numbers[name], rtol=1e-3, atol=1e-4)
    assert together.labels["passport"] == again.labels["passport"]
    assert together.rows([3]).labels == alone.labels


def test_pretty_maps_of_a_shortcut_are_trusted_less():
    base, shortcut = explained("planted-base", "m2ib"), explained("planted-shortcut", "m2ib")
    assert base.numbers["trust"].mean() > shortcut.numbers["trust"].mean() + 0.2
    assert base.labels["passport"].count("trust") > shortcut.labels["passport"].count("trust")


def test_nothing_answers_nonsense():
    nonsense = ["asdf qwer", "zyq wvo", "lopk brt", "xcvb nmq", "hjkl uio", "fghj tyu", "vbn"]
    said = explained("planted-base", "gae", [*nonsense, "qwe rty"])
    true = explained("planted-base", "gae")
    assert said.numbers["nothing"].mean() > true.numbers["nothing"].mean() + 0.3
    words = [found.labels["passport"].count("nothing there") for found in (said, true)]
    assert words[0] > words[1]


def test_captions_have_no_passport():
    encoder = encoder_of("planted-base")
    plain = make_method("gae", Side.text, Batches(encoder, Similarity(), 0))
    (attributor,) = with_passports([plain], encoder, 0)
    source = PlantedSource(PlantedConfig(pairs=1))
    pixels = encoder.preprocess([source.pair(0).load_image()])
    tokens = encoder.tokenize([source.pair(0).text])
    found = attributor.attribute(pixels, tokens)
    assert not found.numbers
    assert not found.labels


def test_a_stamp_says_the_number_of_its_word():
    row = dict.fromkeys(NUMBERS, 0.25) | {"nothing": 0.75}
    assert stamp(row) is None, "a run without passports"
    assert stamp({**row, "passport": "doubt"}).probability == 0.25
    nothing = stamp({**row, "passport": "nothing there"})
    assert nothing.probability == 0.75
    assert "on real VLMs it is a lead" in nothing.why


def test_maps_that_are_not_finite_get_numbers(weights):
    """The runner skips such pairs afterwards, with a reason."""
    heat = torch.tensor(weights)
    heat[0, 0] = torch.nan
    assert all(np.isfinite(value) for value in Probe(Linear(weights), 0, 1.0).of_map(heat).values())
