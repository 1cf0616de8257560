"""Words near seeds: by hand in two dimensions, and by the packaged sentence encoder."""

import pytest
import torch
from vlminterp_ex2.inspection import sentence_encoder
from vlminterp_ex2.inspection.neighbours import learn
from vlminterp_ex2.inspection.seeds import load_seeds
from vlminterp_ex2.inspection.sentence_encoder import MiniLM

from vlminterp.errors import ConfigError

SEEDS = load_seeds()
TEXT = "It has a zorgle. It needs a blick."


class TwoWays:
    """Seeds of what is seen point one way, all others the other; new words as told."""

    def __init__(self, **new):
        self.new = new

    def embed(self, phrases):
        def place(phrase):
            seed = SEEDS.words.get(phrase)
            if seed is None:
                return self.new.get(phrase, (1.0, 1.0))
            return (1.0, 0.0) if seed[0] == "visual" else (0.0, 1.0)

        return torch.nn.functional.normalize(torch.tensor([place(p) for p in phrases]), dim=-1)


def test_a_word_has_the_family_of_the_seeds_that_it_is_clearly_nearest_to(monkeypatch):
    monkeypatch.setattr("vlminterp_ex2.inspection.neighbours.CONCRETE", 0.0)
    found = learn(TwoWays(zorgle=(1.0, 0.1)), SEEDS, [(TEXT, "owl")]).neighbours
    assert found["zorgle"][0] == "visual"
    assert "blick" not in found  # as near to the one as to the other


def test_the_packaged_encoder_finds_near_words():
    told = learn(MiniLM(), SEEDS, [("It swims in the lagoon.", "seal")])
    assert told.neighbours["lagoon"][0] == "habitat"


def test_without_the_package_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sentence_encoder, "PACKAGE", "not_a_package_of_this_world")
    with pytest.raises(ConfigError, match=r"pip install 'vlminterp\[lexicon\]'"):
        MiniLM()
