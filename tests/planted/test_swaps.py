"""A swap changes one thing and leaves every other pixel alone; answers follow what decides."""

import numpy as np
import pytest
from PIL import Image

import vlminterp
from vlminterp.description.embed import encode_images
from vlminterp.planted.answers import CAPTION_SETS, answers, full_captions
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.scenes import SIZE, World
from vlminterp.planted.swaps import swaps

SCENES = 36


def sentence(words):
    return words[0].upper() + words[1:]


@pytest.fixture(scope="module")
def swapped():
    world = World(0, "test")
    return [swaps(world, index) for index in range(SCENES)]


def test_the_scene_itself_is_that_of_the_world(swapped):
    for index, one in enumerate(swapped):
        assert np.array_equal(one.scene.image, World(0, "test").scene(index).image)


def test_another_background_leaves_all_things_alone(swapped):
    for one in swapped:
        before, after = one.scene, one.background
        assert after.habitat != before.habitat
        assert after.objects[0].concept == before.objects[0].concept
        assert np.array_equal(after.objects[0].mask, before.objects[0].mask)
        assert np.array_equal(after.background, before.background)
        things = ~before.background
        assert np.array_equal(after.image[things], before.image[things])
        changed = (after.image != before.image).any(axis=-1)[before.background]
        assert changed.mean() > 0.5


def test_another_object_leaves_the_rest_alone(swapped):
    for one in swapped:
        (old,), (new,) = one.scene.objects, one.object.objects
        assert new.concept.name != old.concept.name
        assert one.object.habitat == one.scene.habitat
        elsewhere = ~old.mask & ~new.mask
        assert np.array_equal(one.object.image[elsewhere], one.scene.image[elsewhere])


def test_another_object_has_the_same_size_and_is_wholly_inside(swapped):
    for one in swapped:
        boxes = [scene.objects[0].box for scene in (one.scene, one.object)]
        sides = [max(box[2] - box[0], box[3] - box[1]) for box in boxes]
        assert sides[0] == sides[1]
        assert min(boxes[1]) >= 0
        assert max(boxes[1]) <= SIZE


@pytest.mark.parametrize("family", [None, *FAMILIES])
def test_full_captions_are_true_held_out_and_worded_in_many_ways(family):
    sets = [full_captions(family, number) for number in range(CAPTION_SETS)]
    for captions in sets:
        for concept, caption in zip(load_facts().concepts.values(), captions, strict=True):
            opening, *said = caption.removesuffix(".").split(". ")
            assert concept.name in opening
            true = clauses(concept, family, held_out=True) if family else []
            assert set(said) <= set(map(sentence, true))
            assert len(said) == (family is not None)
    assert len({tuple(captions) for captions in sets}) >= 6


@pytest.mark.parametrize(
    ("name", "family", "decides"),
    [
        ("planted-visual", "visual", "object"),
        ("planted-name", None, "object"),
        ("planted-shortcut", None, "background"),
    ],
)
def test_answers_change_with_what_decides(swapped, name, family, decides):
    encoder = vlminterp.load(name, device="cpu")

    def ask(scenes):
        images = encode_images(encoder, [Image.fromarray(scene.image) for scene in scenes])
        return answers(encoder, images, family)

    before = ask([one.scene for one in swapped])
    scenes = {
        "background": [one.background for one in swapped],
        "object": [one.object for one in swapped],
    }
    changes = {
        what: np.mean([a.name != b.name for a, b in zip(before, ask(some), strict=True)])
        for what, some in scenes.items()
    }
    idle = "object" if decides == "background" else "background"
    assert changes[decides] > 0.9
    assert changes[idle] < 0.3
    if decides == "object":
        right = [a == one.scene.objects[0].concept for a, one in zip(before, swapped, strict=True)]
        assert np.mean(right) > 0.85
    else:
        assert all(a.habitat == one.scene.habitat for a, one in zip(before, swapped, strict=True))
