"""Pairs of the planted world: lazy, stable, and true."""

import numpy as np
import pytest

from vlminterp.errors import ConfigError
from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.scenes import World
from vlminterp.planted.source import PlantedConfig, PlantedSource


@pytest.mark.parametrize("objects", [1, 2])
def test_the_mask_is_that_of_the_named_object(objects):
    source = PlantedSource(PlantedConfig(pairs=30, objects=objects, seed=2))
    for index, pair in enumerate(source.pairs()):
        scene = World(2, "test").scene(index, objects)
        named = " ".join(pair.text[start:stop] for start, stop in pair.named_words)
        (thing,) = [t for t in scene.objects if named.endswith(t.concept.name)]
        assert named in (thing.concept.name, f"{thing.concept.colour} {thing.concept.name}")
        assert np.array_equal(pair.load_mask(), thing.mask)
        assert np.array_equal(np.asarray(pair.load_image()), scene.image)
        assert pair.load_image().mode == "RGB"


def test_captions_name_one_object_with_its_colour_or_without():
    pairs = list(PlantedSource(PlantedConfig(pairs=200)).pairs())
    named = [pair.text[slice(*pair.named_words[-1])] for pair in pairs]
    assert len(set(named)) > 30
    coloured = [any(colour in pair.text.split() for colour in COLOURS) for pair in pairs]
    assert 0.35 < np.mean(coloured) < 0.65
    assert not any(f" {place} " in f" {p.text} " for p in pairs for place in load_facts().habitats)


def test_either_object_may_be_named():
    source = PlantedSource(PlantedConfig(pairs=200))
    first = [
        concepts[0].name in pair.text
        for index, pair in enumerate(source.pairs())
        for concepts in [World().concepts(index, 2)]
    ]
    assert 0.4 < np.mean(first) < 0.6


def test_ids_and_order_are_stable():
    pairs = list(PlantedSource(PlantedConfig(pairs=20)).pairs())
    assert pairs[17].id == "planted-test-0-000017"
    assert len({pair.id for pair in pairs}) == 20
    fewer = list(PlantedSource(PlantedConfig(pairs=5)).pairs())
    assert [(p.id, p.text) for p in fewer] == [(p.id, p.text) for p in pairs[:5]]


def test_listing_draws_nothing(monkeypatch):
    def refuse(*_):
        raise AssertionError("a scene was drawn")

    monkeypatch.setattr(World, "scene", refuse)
    source = PlantedSource(PlantedConfig(pairs=10**9))
    assert source.count() == 10**9
    assert next(source.pairs()).text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pairs": 0}, "data.pairs=0 must be at least 1"),
        ({"objects": 3}, "data.objects=3 must be 1 or 2"),
        ({"seed": -1}, "data.seed=-1 must be at least 0"),
        ({"split": "tests"}, "data.split=tests is unknown; nearest: test"),
    ],
)
def test_ranges(options, words):
    with pytest.raises(ConfigError, match=words):
        PlantedConfig(**options)
