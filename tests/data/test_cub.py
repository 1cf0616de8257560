"""CUB-200-2011, in the layout in which Caltech distributes it."""

import pytest

from tests.data.classed import colours, names, put, shown
from vlminterp.data.cub import CUBConfig, CUBSource
from vlminterp.errors import ConfigError, InputError

CLASSES = ["001.Black_footed_Albatross", "002.Laysan_Albatross", "023.Brandt_Cormorant"]


@pytest.fixture
def root(tmp_path):
    """Three classes: with 3 + 2 pictures (train + test), 2 + 0, and 0 + 1."""
    splits = [[1, 1, 1, 0, 0], [1, 1], [0]]
    rows = [(c, f"{CLASSES[c]}/{n}.jpg", s) for c in range(3) for n, s in enumerate(splits[c])]
    put(*(tmp_path / "images" / path for _, path, _ in rows))
    for name, column in {
        "images": [path for _, path, _ in rows],
        "image_class_labels": [c + 1 for c, _, _ in rows],
        "train_test_split": [split for _, _, split in rows],
        "classes": CLASSES,
    }.items():
        lines = "".join(f"{number} {value}\n" for number, value in enumerate(column, start=1))
        (tmp_path / f"{name}.txt").write_text(lines)
    return tmp_path


def source(root, **options):
    return CUBSource(CUBConfig(str(root), **options))


def pictures(root, place, *numbers):
    return [root / "images" / CLASSES[place] / f"{number}.jpg" for number in numbers]


def test_the_splits_of_its_makers(root):
    data = source(root)
    concepts = list(data.concepts())
    assert names(concepts) == {
        "001.Black_footed_Albatross": "Black-footed Albatross",
        "002.Laysan_Albatross": "Laysan Albatross",
    }
    assert shown(concepts[0].images) == colours(pictures(root, 0, 0, 1, 2))
    assert shown(concepts[0].held_out) == colours(pictures(root, 0, 3, 4))
    assert shown(concepts[1].images) == colours(pictures(root, 1, 0, 1))
    assert data.notes() == [
        "classes without a picture, left out: 1 (023.Brandt_Cormorant)",
        "classes without a picture to hold out: 1 (002.Laysan_Albatross)",
    ]


def test_rewards_from_the_test_split(root):
    concepts = list(source(root, split="test", held_out="train").concepts())
    assert names(concepts)["023.Brandt_Cormorant"] == "Brandt's Cormorant"
    assert shown(concepts[0].images) == colours(pictures(root, 0, 3, 4))
    assert shown(concepts[0].held_out) == colours(pictures(root, 0, 0, 1, 2))


def test_held_out_of_the_same_split(root):
    concepts = list(source(root, held_out=1).concepts())
    assert [len(concept.held_out) for concept in concepts] == [1, 1]
    assert sorted(shown(concepts[0].images + concepts[0].held_out)) == sorted(
        colours(pictures(root, 0, 0, 1, 2))
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "training"}, "data.split=training is unknown; nearest: train"),
        ({"held_out": "tets"}, "data.held_out=tets is neither a split nor a number; nearest: test"),
        ({"held_out": "train"}, "data.held_out=train is the split that makes rewards"),
        ({"held_out": 0.9}, "data.held_out=0.9 must be a share"),
    ],
)
def test_splits_are_checked(root, options, words):
    with pytest.raises(ConfigError, match=words):
        source(root, **options)


def test_what_is_missing_is_told(root):
    with pytest.raises(
        InputError, match=r"lacks classes\.txt, images\.txt, .*images/; extract CUB"
    ):
        source(root.parent)
    (root / "classes.txt").unlink()
    with pytest.raises(InputError, match=r"CUB-200-2011: .* lacks classes\.txt; extract CUB"):
        source(root)


def test_malformed_tables_are_told(root):
    with (root / "images.txt").open("a") as file:
        file.write("\n99 somewhere.jpg\n")
    with pytest.raises(InputError, match=r"image 99 of images\.txt has no class or split"):
        source(root)
    (root / "classes.txt").write_text("1\n")
    with pytest.raises(InputError, match=r"classes\.txt, line 1: no id and value in '1'"):
        source(root)


def test_identity_follows_tables_and_pictures(root):
    assert {path.name for path in source(root).files()} == {
        *("classes.txt", "images.txt", "image_class_labels.txt", "train_test_split.txt")
    }
    listing = source(root).listing()
    pictures(root, 0, 4)[0].write_bytes(b"")
    assert source(root).listing() != listing
