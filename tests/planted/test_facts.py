"""The facts are complete, unambiguous, and agree with the pictures."""

import numpy as np
import pytest
from PIL import Image

from vlminterp.data.concepts import article
from vlminterp.planted.facts import COLOURS, load_facts
from vlminterp.planted.pictures import SPRITES

FACTS = load_facts()
CONCEPTS = list(FACTS.concepts.values())
# What people call these colours, in OpenMoji's palette.
SHADES = {
    "red": [(234, 90, 71), (210, 47, 39)],
    "orange": [(241, 179, 28), (242, 166, 75), (226, 112, 34)],
    "yellow": [(252, 234, 43)],
    "green": [(92, 158, 49), (177, 204, 51), (24, 103, 72)],
    "blue": [(146, 211, 245), (97, 178, 228), (30, 80, 160)],
    "purple": [(180, 151, 199), (139, 104, 166)],
    "pink": [(255, 167, 192), (230, 122, 148)],
    "brown": [(165, 121, 57), (106, 70, 47)],
    "gray": [(208, 207, 206), (155, 155, 154), (196, 194, 194)],
    "white": [(255, 255, 255)],
}
DARK = 75


def test_enough_of_everything():
    assert len(CONCEPTS) >= 40
    assert len(FACTS.habitats) >= 8
    for habitat in FACTS.habitats:
        assert sum(concept.habitat == habitat for concept in CONCEPTS) >= 4


def test_every_fact_is_known():
    for concept in CONCEPTS:
        assert concept.colour in COLOURS, concept
        assert concept.habitat in FACTS.habitats, concept
        assert concept.kind, concept
    assert {concept.colour for concept in CONCEPTS} == set(COLOURS)


def test_no_word_means_two_things():
    nouns = [noun for habitat in FACTS.habitats.values() for _, noun in habitat.places]
    words = [*FACTS.concepts, *COLOURS, *nouns]
    assert len(words) == len(set(words))
    assert all(habitat.name in nouns for habitat in FACTS.habitats.values())


def test_no_picture_is_two_things():
    codes = [concept.code for concept in CONCEPTS]
    codes += [*FACTS.scenery.values(), *FACTS.distractors.values()]
    assert len(codes) == len(set(codes))
    assert {file.stem for file in SPRITES.glob("*.png")} == set(codes)


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_the_colour_is_that_of_most_pixels(concept):
    pixels = np.asarray(Image.open(SPRITES / f"{concept.code}.png").convert("RGBA")).astype(int)
    pixels = pixels[pixels[..., 3] > 200][:, :3]
    dark = pixels.max(axis=1) < DARK
    if concept.colour == "black":
        assert dark.mean() > 0.5
        return
    # Every picture has a black outline; it is nobody's colour.
    names = [name for name, shades in SHADES.items() for _ in shades]
    shades = np.array([shade for shades in SHADES.values() for shade in shades])
    distances = ((pixels[~dark][:, None] - shades) ** 2).sum(axis=2)
    counts = dict.fromkeys(SHADES, 0)
    for number, count in enumerate(np.bincount(distances.argmin(axis=1), minlength=len(names))):
        counts[names[number]] += count
    assert max(counts, key=counts.__getitem__) == concept.colour, counts


def test_article():
    assert [f"{article(name)} {name}" for name in ("owl", "bus", "ice skate")] == [
        "an owl",
        "a bus",
        "an ice skate",
    ]
