"""Pairs of the planted world: lazy, stable, and true."""

from dataclasses import replace

import numpy as np
import pytest

from vlminterp.errors import ConfigError
from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.scenes import World, compose
from vlminterp.planted.source import NAMES, PlantedConfig, PlantedSource


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


def pixels_of(layout, region):
    """Which pixels change when what a region is about is painted in inverted colours."""
    if region.kind == "background":
        other = replace(layout, backdrop=255 - layout.backdrop)
    else:
        other = replace(
            layout,
            objects=tuple(
                (concept, replace(placed, picture=inverted(placed.picture)))
                if concept.name == region.name
                else (concept, placed)
                for concept, placed in layout.objects
            ),
        )
    return (compose(layout).image != compose(other).image).any(axis=2)


def inverted(picture):
    return replace(picture, colours=255 - picture.colours)


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("objects", [1, 2])
def test_regions_are_the_pixels_of_what_they_are_about(names, objects):
    source = PlantedSource(PlantedConfig(pairs=15, objects=objects, seed=2, names=names))
    for index, pair in enumerate(source.pairs()):
        layout = World(2, "test").layout(index, objects)
        there = {("object", concept.name) for concept, _ in layout.objects}
        there.add(("background", layout.habitat))
        assert {(region.kind, region.name) for region in pair.regions} == there
        assert len(pair.regions) == objects + 1
        seen = {region.name: pixels_of(layout, region) for region in pair.regions}
        for region in pair.regions:
            pixels = seen[region.name]
            assert np.array_equal(region.load_mask(), pixels)
            left, top, right, bottom = region.box()
            assert pixels[top:bottom, left:right].sum() == pixels.sum()
            inside = pixels[top:bottom, left:right]
            edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
            assert all(edge.any() for edge in edges), "the box is not tight"
        named = [seen[region.name] for region in pair.regions if region.words]
        assert np.array_equal(pair.load_mask(), np.logical_or.reduce(named))


@pytest.mark.parametrize("names", NAMES)
def test_words_name_the_object_the_background_or_nothing(names):
    """The truth of every word, found from the words alone."""
    facts = load_facts()
    nouns = {noun: h.name for h in facts.habitats.values() for _, noun in h.places}
    source = PlantedSource(PlantedConfig(pairs=100, seed=3, names=names))
    for index, pair in enumerate(source.pairs()):
        scene = World(3, "test").layout(index, 2)
        words = {
            region.name: " ".join(pair.text[slice(*span)] for span in region.words)
            for region in pair.regions
        }
        place = words.pop(scene.habitat)
        assert (nouns.get(place) == scene.habitat) if names != "object" else place == ""
        ours = {concept.name: concept for concept, _ in scene.objects}
        said = {name: text for name, text in words.items() if text}
        assert len(said) == (0 if names == "background" else 1)
        for name, text in said.items():
            assert text in (name, f"{ours[name].colour} {name}")
        spans = sorted(span for region in pair.regions for span in region.words)
        assert tuple(spans) == pair.named_words
        rest = pair.text
        for start, stop in reversed(spans):
            rest = rest[:start] + rest[stop:]
        assert not {*facts.concepts, *COLOURS, *nouns} & set(rest.split())


def test_what_a_caption_names_changes_neither_scene_nor_id():
    sources = [PlantedSource(PlantedConfig(pairs=5, names=names)) for names in NAMES]
    for pairs in zip(*(source.pairs() for source in sources), strict=True):
        assert len({pair.id for pair in pairs}) == 1
        assert len({pair.load_image().tobytes() for pair in pairs}) == 1
        assert len({pair.text for pair in pairs}) == 3


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
    monkeypatch.setattr(World, "layout", refuse)
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
        ({"names": "place"}, "data.names=place is unknown; all: background, both, object"),
    ],
)
def test_ranges(options, words):
    with pytest.raises(ConfigError, match=words):
        PlantedConfig(**options)


def test_concepts_have_scenes_of_their_own():
    config = PlantedConfig(images=2, seed=3)
    concepts = list(PlantedSource(config).concepts())
    assert [concept.name for concept in concepts] == list(load_facts().concepts)
    assert len({concept.id for concept in concepts}) == len(concepts)
    shown = {}
    for index in range(300):
        scene = World(3, "test").scene(index)
        shown[scene.image.tobytes()] = [o.concept.name for o in scene.objects]
    for concept in concepts:
        assert (len(concept.images), len(concept.held_out)) == (2, 2)
        pictures = [np.asarray(load()) for load in (*concept.images, *concept.held_out)]
        assert len({picture.tobytes() for picture in pictures}) == 4
        for picture in pictures:
            assert shown.get(picture.tobytes(), [concept.name]) == [concept.name]
    assert sum(np.asarray(c.images[0]()).tobytes() in shown for c in concepts) > 35


def test_listing_concepts_draws_nothing(monkeypatch):
    def refuse(*_):
        raise AssertionError("a scene was drawn")

    monkeypatch.setattr(World, "scene", refuse)
    concepts = list(PlantedSource(PlantedConfig(images=100)).concepts())
    assert len(concepts[0].images) == len(concepts[0].held_out) == 100


def test_no_images():
    with pytest.raises(ConfigError, match=r"data.images=0 must be at least 1"):
        PlantedConfig(images=0)
