"""Captions are true of their scenes, say which words name what, and hold some wordings out."""

import re
from itertools import pairwise

import numpy as np
import pytest

from vlminterp.planted.captions import Thing, describe, describe_colour, sample, truths
from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.scenes import World
from vlminterp.planted.wordings import COLOUR, PLACE, THINGS, THINGS_IN_PLACE

FACTS = load_facts()
NOUNS = {noun: h.name for h in FACTS.habitats.values() for _, noun in h.places}
WORLD = World(1, "train")
SCENES = [WORLD.scene(index, 1 + index % 2) for index in range(200)]


def training_captions(count: int):
    rng = np.random.default_rng(5)
    for index in range(count):
        scene = SCENES[index % len(SCENES)]
        yield scene, sample(rng, scene.concepts, scene.habitat)


def words_of(text: str) -> set[str]:
    return set(text.split())


def told(text: str) -> set[str]:
    """What a caption claims, found from its words alone."""
    meanings = {name: name for name in (*FACTS.concepts, *COLOURS)} | NOUNS
    longest_first = "|".join(sorted(meanings, key=len, reverse=True))
    return {meanings[words] for words in re.findall(rf"\b({longest_first})\b", text)}


def test_claims_are_what_the_words_say_and_are_true():
    for scene, caption in training_captions(3000):
        assert caption.claims == told(caption.text), caption
        assert caption.claims <= truths(scene.concepts, scene.habitat), caption
        assert caption.true_of(scene)


def test_false_captions_are_false():
    rng = np.random.default_rng(0)
    scene = WORLD.scene(0, 2)
    absent = [
        c for c in FACTS.concepts.values() if c.name not in truths(scene.concepts, scene.habitat)
    ]
    assert not any(describe(rng, [Thing(concept)]).true_of(scene) for concept in absent)
    elsewhere = [h for h in FACTS.habitats.values() if h.name != scene.habitat]
    there = Thing(scene.objects[0].concept)
    assert not any(describe(rng, [there], habitat).true_of(scene) for habitat in elsewhere)


def test_spans_are_the_words_that_name_something():
    for _, caption in training_captions(3000):
        objects = [caption.text[start:stop] for start, stop in caption.object_spans]
        backgrounds = [caption.text[start:stop] for start, stop in caption.background_spans]
        assert told(" ".join(objects)) == caption.claims - FACTS.habitats.keys(), caption
        assert {NOUNS[noun] for noun in backgrounds} == caption.claims & FACTS.habitats.keys()
        assert all(" " not in word for word in (*objects, *backgrounds))
        spans = sorted(caption.object_spans + caption.background_spans)
        rest = caption.text
        for start, stop in reversed(spans):
            rest = rest[:start] + "…" + rest[stop:]
        assert not told(rest), caption


def test_english():
    for _, caption in training_captions(3000):
        words = caption.text.split()
        for this, following in pairwise(words):
            if this in ("a", "an"):
                assert (this == "an") == (following[0] in "aeiou"), caption.text
        assert words
        assert caption.text == " ".join(words)


@pytest.mark.parametrize("wordings", [THINGS, THINGS_IN_PLACE, PLACE, COLOUR])
def test_held_out_wordings_are_held_out(wordings):
    assert not set(wordings.training) & set(wordings.held_out)
    assert len(wordings.held_out) >= 3


def held_out_captions(count: int):
    rng = np.random.default_rng(6)
    concepts, habitats = list(FACTS.concepts.values()), list(FACTS.habitats.values())
    for index in range(count):
        thing = Thing(concepts[index % len(concepts)], coloured=bool(rng.integers(2)))
        habitat = habitats[rng.integers(len(habitats))]
        yield describe(rng, [thing], held_out=True)
        yield describe(rng, [thing], habitat, held_out=True)
        yield describe(rng, [], habitat, held_out=True)
        yield describe_colour(rng, COLOURS[index % len(COLOURS)], held_out=True)


def test_training_never_writes_a_held_out_caption():
    held_out = {caption.text for caption in held_out_captions(2000)}
    assert len(held_out) > 1000
    assert not held_out & {caption.text for _, caption in training_captions(10_000)}


def test_held_out_captions_use_words_that_training_knows():
    known = set().union(*(words_of(caption.text) for _, caption in training_captions(10_000)))
    assert set().union(*(words_of(caption.text) for caption in held_out_captions(500))) <= known


def test_a_seed_determines_the_captions():
    assert [c for _, c in training_captions(50)] == [c for _, c in training_captions(50)]
