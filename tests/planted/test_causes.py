"""What a score hangs on is found by exchange: of planted VLMs, and of one that we know by heart."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import vlminterp
from experiments.recipes.planted.plantings import LAST_AT_HOME
from vlminterp.planted.causes import BACKGROUND, find_causes
from vlminterp.planted.scenes import World
from vlminterp.planted.source import PlantedConfig, PlantedSource

WORLD = World(0, "test")
SCENES = 12


def captions(**options):
    return [pair.text for pair in PlantedSource(PlantedConfig(pairs=SCENES, **options)).pairs()]


def causes_of(model, texts, **options):
    encoder = vlminterp.load(model, "cpu")
    return [find_causes(encoder, WORLD, i, [text], **options)[0] for i, text in enumerate(texts)]


def test_a_vlm_that_sees_things_hangs_on_what_is_named():
    by_object = causes_of("planted-base", captions(objects=1))
    assert np.mean([found.parts[0].is_cause for found in by_object]) == 1
    assert np.mean([found.shares[BACKGROUND] for found in by_object]) < 0.1
    by_habitat = causes_of("planted-base", captions(objects=1, names="background"))
    assert np.mean([found.shares[BACKGROUND] for found in by_habitat]) > 0.9


def test_a_shortcut_hangs_on_the_background_though_the_object_is_named():
    found = causes_of("planted-shortcut", captions(objects=1))
    causal = [one for one in found if not one.nothing]
    assert len(causal) >= SCENES / 3
    assert np.mean([one.shares[BACKGROUND] for one in causal]) > 0.8


def parts_of(model, keep):
    """Returns the mean fall by exchange of object and background, of scenes that are kept."""
    chosen = [i for i in range(120) if keep(WORLD.scene(i))][:SCENES]
    encoder = vlminterp.load(model, "cpu")
    falls = []
    for index in chosen:
        caption = f"a photo of a {WORLD.scene(index).concepts[0].name}"
        (found,) = find_causes(encoder, WORLD, index, [caption])
        falls.append([part.effect.mean for part in found.parts])
    return np.mean(falls, axis=0)


def at_home(scene):
    return scene.concepts[0].habitat == scene.habitat


def by_place(scene):
    """The eight concepts that `planted-partly` takes for their habitat."""
    return scene.concepts[0].name in LAST_AT_HOME and at_home(scene)


@pytest.mark.parametrize(
    ("model", "keep", "by_object", "by_background"),
    [
        ("planted-half", at_home, (0.2, 0.45), (0.15, 0.4)),
        ("planted-half", lambda scene: not at_home(scene), (0.2, 0.5), (-0.1, 0.1)),
        ("planted-partly", by_place, (-0.1, 0.15), (0.3, 0.7)),
        (
            "planted-partly",
            lambda s: s.concepts[0].name not in LAST_AT_HOME,
            (0.4, 0.8),
            (-0.1, 0.15),
        ),
        ("planted-faint", at_home, (0.05, 0.25), (-0.05, 0.1)),
    ],
)
def test_vlms_hang_on_what_was_planted(model, keep, by_object, by_background):
    falls = parts_of(model, keep)
    for fall, (low, high) in zip(falls, (by_object, by_background), strict=True):
        assert low < fall < high


def test_of_two_objects_the_named_one_is_the_cause():
    pairs = list(PlantedSource(PlantedConfig(pairs=SCENES, objects=2)).pairs())
    found = causes_of("planted-base", [pair.text for pair in pairs], objects=2)
    for pair, one in zip(pairs, found, strict=True):
        (named,) = [region.name for region in pair.regions if region.words]
        assert [part.name for part in one.parts][-1] == BACKGROUND
        assert max(one.shares, key=one.shares.get) == named


@pytest.mark.parametrize("draws", [2, 5])
def test_effects_are_the_mean_fall_of_the_score(draws):
    """A VLM that only sees how bright the picture is: each exchange costs its brightness."""

    def preprocess(pictures):
        return torch.tensor([np.asarray(one, float).mean() / 255 for one in pictures])

    known = SimpleNamespace(
        preprocess=preprocess,
        tokenize=list,
        encode_image=lambda bright: torch.stack([bright, (1 - bright**2).sqrt()], 1),
        encode_text=lambda texts: torch.tensor([[1.0, 0.0]] * len(texts)).double(),
    )
    (found,) = find_causes(known, WORLD, 3, ["bright"], objects=1, draws=draws)
    scene = WORLD.scene(3)
    assert found.score == pytest.approx(scene.image.mean() / 255)
    assert [part.effect.n for part in found.parts] == [draws, draws]
    assert not found.parts[0].is_cause  # a small object hardly changes the brightness
    relevance = found.relevance()
    assert relevance.shape == scene.background.shape
    shares = found.shares
    assert set(np.unique(relevance)) <= {np.float32(share) for share in (0, *shares.values())}
    assert sum(shares.values()) == pytest.approx(0 if found.nothing else 1)


def test_replacements_keep_the_layout_and_differ_from_each_other():
    from vlminterp.planted.swaps import swap_background, swap_object

    layout = WORLD.layout(5, 2)
    present = {concept.name for concept, _ in layout.objects}
    swapped = [swap_object(WORLD, 5, layout, number=1, skip=skip) for skip in range(4)]
    assert len({one.objects[1][0].name for one in swapped}) >= 3
    for one in swapped:
        assert one.objects[0] == layout.objects[0]
        assert one.objects[1][0].name not in present
        assert one.habitat == layout.habitat
    behind = [swap_background(WORLD, 5, layout, skip=skip) for skip in range(3)]
    assert all(one.habitat != layout.habitat and one.objects == layout.objects for one in behind)
    assert not np.array_equal(behind[0].backdrop, behind[1].backdrop)
