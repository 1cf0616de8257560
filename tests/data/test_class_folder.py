"""Folders as classes: which pictures make rewards, which check, and what is said of the rest."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data.classed import colours, names, put, shown
from vlminterp.data.class_folder import (
    ClassFolderConfig,
    ClassFolderSource,
    StanfordDogsConfig,
    StanfordDogsSource,
)
from vlminterp.data.classes import ClassPicture, ClassSource, Listing
from vlminterp.errors import ConfigError, InputError


def source(path, **options):
    return ClassFolderSource(ClassFolderConfig(str(path), **options))


def fill(path, **counts):
    """Folders with so many pictures each."""
    found = {}
    for name, count in counts.items():
        (path / name).mkdir(parents=True)
        found[name] = [path / name / f"{index}.jpg" for index in range(count)]
        put(*found[name])
    return found


def test_every_folder_is_a_concept(tmp_path):
    found = fill(tmp_path, persian_cat=10, owl=5)
    put(tmp_path / "owl" / "more" / "deep.png", tmp_path / ".hidden" / "a.jpg")
    put(tmp_path / "stray.jpg")
    (tmp_path / "owl" / "notes.txt").touch()
    owl, cat = source(tmp_path).concepts()
    assert (owl.id, owl.name, cat.id, cat.name) == ("owl", "owl", "persian_cat", "persian cat")
    deep = tmp_path / "owl" / "more" / "deep.png"
    assert sorted(shown(owl.images + owl.held_out)) == sorted(colours([*found["owl"], deep]))
    assert sorted(shown(cat.images + cat.held_out)) == sorted(colours(found["persian_cat"]))
    assert (len(cat.images), len(cat.held_out)) == (8, 2)
    assert cat.images[0]().mode == "RGB"


@pytest.mark.parametrize(
    ("count", "held_out", "expected"),
    [
        (10, 0.2, 2), (10, 0, 0), (10, 0.5, 5), (10, 3, 3), (10, 8, 5), (3, 0.2, 1), (2, 0.01, 1),
        (2, 5, 1), (1, 0.5, 0), (7, 0.25, 2),
    ],
)  # fmt: skip
def test_how_many_are_held_out(tmp_path, count, held_out, expected):
    fill(tmp_path, a=count)
    (concept,) = source(tmp_path, held_out=held_out).concepts()
    assert (len(concept.images), len(concept.held_out)) == (count - expected, expected)


def test_what_is_held_out_stays_so(tmp_path):
    found = fill(tmp_path / "one", a=40)
    fill(tmp_path / "two", a=40)
    (first,) = source(tmp_path / "one").concepts()
    held_out = [found["a"][number].name for number in places(first.held_out, found["a"])]
    (again,) = source(tmp_path / "two").concepts()
    there = [tmp_path / "two" / "a" / path.name for path in found["a"]]
    assert [there[number].name for number in places(again.held_out, there)] == held_out
    # One more picture moves at most one other from side to side.
    put(tmp_path / "one" / "a" / "new.jpg")
    (more,) = source(tmp_path / "one").concepts()
    assert len(set(shown(first.held_out)) - set(shown(more.held_out))) <= 1
    # It is no run of neighbours, which often show the same thing.
    assert held_out not in ([path.name for path in found["a"][:8]],)
    assert len({number // 8 for number in places(first.held_out, found["a"])}) > 2


def places(loads, paths):
    return [colours(paths).index(shade) for shade in shown(loads)]


def test_the_limits(tmp_path):
    found = fill(tmp_path, a=30, b=4, c=1)
    concepts = list(source(tmp_path, images=5, limit=2).concepts())
    assert [concept.id for concept in concepts] == ["a", "b"]
    assert [len(concept.images) for concept in concepts] == [5, 3]
    assert [len(concept.held_out) for concept in concepts] == [5, 1]
    (whole, *_) = source(tmp_path, images=None).concepts()
    assert set(shown(concepts[0].images)) < set(shown(whole.images))
    assert places(whole.images, found["a"]) == sorted(places(whole.images, found["a"]))


def test_one_file_under_two_names_is_never_on_both_sides(tmp_path):
    found = fill(tmp_path, a=20, b=20)
    for index, path in enumerate(found["a"]):
        os.symlink(path, tmp_path / "a" / f"again-{index}.jpg")
        os.link(path, tmp_path / "b" / f"also-{index}.jpg")
    data = source(tmp_path, held_out=0.5)
    a, b = data.concepts()
    assert len(a.images) + len(a.held_out) <= 20
    rewards = shown(a.images + b.images)
    assert not set(rewards) & set(shown(a.held_out + b.held_out))
    assert set(rewards) | set(shown(a.held_out + b.held_out)) == set(
        colours(found["a"] + found["b"])
    )
    assert "held-out pictures left out because rewards use them too" in data.notes()[-1]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 30), max_size=12), min_size=1, max_size=4),
    st.one_of(st.floats(0, 0.5), st.integers(1, 9)),
    st.one_of(st.none(), st.integers(1, 6)),
)
def test_rewards_and_checks_share_nothing(classes, held_out, images):
    listings = [
        Listing(
            str(number),
            "x",
            [ClassPicture(f"{number}/{i}", object, file) for i, file in enumerate(c)],
        )
        for number, c in enumerate(classes)
    ]
    if not any(classes):
        return
    files = {m.key: m.identity for listing in listings for m in listing.members}
    made = ClassSource(ClassFolderConfig("x", images=images), marked(listings), held_out)
    rewards = {files[load()] for concept in made.concepts() for load in concept.images}
    checks = {files[load()] for concept in made.concepts() for load in concept.held_out}
    assert not rewards & checks
    assert all(concept.images for concept in made.concepts())


def marked(listings):
    """Pictures that are their own keys."""
    for one in listings:
        members = [ClassPicture(m.key, lambda key=m.key: key, m.identity) for m in one.members]
        yield Listing(one.id, one.name, members)


def test_small_classes_are_told(tmp_path):
    fill(tmp_path, many=5, one=1, none=0, **{f"empty{index}": 0 for index in range(6)})
    data = source(tmp_path)
    concepts = {concept.id: concept for concept in data.concepts()}
    assert set(concepts) == {"many", "one"}
    assert concepts["one"].held_out == ()
    assert data.notes() == [
        "classes without a picture, left out: "
        "7 (empty0, empty1, empty2, empty3, empty4 and 2 more)",
        "classes without a picture to hold out: 1 (one)",
    ]
    assert source(tmp_path, held_out=0).notes() == data.notes()[:1]


def test_ids_tell_classes_of_one_name_apart(tmp_path):
    fill(tmp_path, **{"001.crane": 2, "002.crane": 2})
    assert names(source(tmp_path).concepts()) == {"001.crane": "crane", "002.crane": "crane"}


def test_type_word(tmp_path):
    fill(tmp_path, boxer=2, sheepdog=2)
    found = names(source(tmp_path, type_word="dog").concepts())
    assert found == {"boxer": "boxer dog", "sheepdog": "sheepdog"}


def test_reading_is_lazy(tmp_path):
    fill(tmp_path, a=3)
    (tmp_path / "a" / "0.jpg").write_bytes(b"broken")
    (concept,) = source(tmp_path, held_out=0).concepts()
    with pytest.raises(InputError, match=r"0\.jpg: not a picture"):
        concept.images[0]()
    assert concept.images[1]()


def test_identity_follows_the_pictures(tmp_path):
    fill(tmp_path, a=4, b=4)
    listing = source(tmp_path).listing()
    assert source(tmp_path).listing() == listing
    assert source(tmp_path, held_out=2).listing() != listing
    with (tmp_path / "a" / "0.jpg").open("ab") as file:
        file.write(b" ")
    assert source(tmp_path).listing() != listing
    listing = source(tmp_path).listing()
    (tmp_path / "b").rename(tmp_path / "c")
    assert source(tmp_path).listing() != listing


def test_what_can_not_be_used_is_told(tmp_path):
    with pytest.raises(InputError, match="no class folder at"):
        source(tmp_path / "none")
    put(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="no folders in it; one folder of pictures per class"):
        source(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="none of its 1 classes has a picture"):
        source(tmp_path)
    (tmp_path / "empty").rmdir()
    fill(tmp_path / "Train", cat=2)
    with pytest.raises(InputError, match=r"splits \(Train\), not classes; .*data\.path=.*Train"):
        source(tmp_path)
    with pytest.raises(ConfigError, match="has concepts but no pairs"):
        source(tmp_path / "Train").pairs()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"images": 0}, "data.images=0 must be at least 1"),
        ({"limit": -1}, "data.limit=-1 must be at least 1"),
        ({"held_out": 0.7}, "data.held_out=0.7 must be a share from 0 to 0.5, or a number"),
        ({"held_out": -1}, "data.held_out=-1 must be"),
        ({"held_out": 1.5}, "data.held_out=1.5 must be"),
        ({"held_out": float("nan")}, "data.held_out=nan must be"),
        ({"type_word": " "}, "data.type_word is empty"),
    ],
)
def test_ranges(options, words):
    with pytest.raises(ConfigError, match=words):
        ClassFolderConfig("x", **options)


def test_stanford_dogs(tmp_path):
    fill(
        tmp_path / "Images",
        **{"n02085620-Chihuahua": 3, "n02085936-Maltese_dog": 3, "n02105855-Shetland_sheepdog": 3},
    )
    concepts = StanfordDogsSource(StanfordDogsConfig(str(tmp_path))).concepts()
    assert names(concepts) == {
        "n02085620-Chihuahua": "Chihuahua dog",
        "n02085936-Maltese_dog": "Maltese dog",
        "n02105855-Shetland_sheepdog": "Shetland sheepdog",
    }
    with pytest.raises(InputError, match=r"Stanford Dogs: no folder .*Images; extract images\.tar"):
        StanfordDogsSource(StanfordDogsConfig(str(tmp_path / "Images")))


def test_a_byte_copy_is_never_on_both_sides(tmp_path):
    found = fill(tmp_path, a=20, b=20)
    names = source(tmp_path, held_out=0.5)
    for path in [*found["a"], *found["b"]]:  # each picture once more, in the other class
        other = "b" if path.parent.name == "a" else "a"
        (tmp_path / other / f"copy-{path.name}").write_bytes(path.read_bytes())
    data = source(tmp_path, held_out=0.5)
    a, b = data.concepts()
    rewards, checks = shown(a.images + b.images), shown(a.held_out + b.held_out)
    assert not set(rewards) & set(checks)
    assert set(rewards) | set(checks) == set(colours(found["a"] + found["b"]))
    left_out = 80 - len(rewards) - len(checks)
    assert left_out > 5
    assert data.notes() == [f"held-out pictures left out because rewards use them too: {left_out}"]
    assert not names.notes()


def test_what_looks_alike_is_no_copy(tmp_path):
    """Same size, same end, other start."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for index in range(2):
            content = bytes([index, ord(name)]) + b"\0" * 5000
            (tmp_path / name / f"{index}.bmp").write_bytes(content)
    assert source(tmp_path, held_out=0.5).notes() == []
    for path in tmp_path.glob("*/*.bmp"):
        path.write_bytes(content)
    assert source(tmp_path, held_out=0.5).notes()[-1].endswith("rewards use them too: 2")


def test_copies_do_not_cost_a_finished_run(tmp_path, monkeypatch):
    """Its identity is known from names, sizes and times alone."""
    fill(tmp_path, a=20)
    monkeypatch.setattr("vlminterp.data.copies.EncodedPicture.tail", pytest.fail)
    assert source(tmp_path).listing()


@pytest.mark.parametrize("left_behind", ["__MACOSX", "@eaDir", "lost+found"])
def test_what_systems_leave_behind_is_no_class(tmp_path, left_behind):
    fill(tmp_path, cat=4, dog=4)
    put(tmp_path / left_behind / "cat" / "0.jpg", tmp_path / "cat" / left_behind / "thumb.jpg")
    cat, dog = source(tmp_path).concepts()
    assert (cat.id, dog.id) == ("cat", "dog")
    assert len(cat.images + cat.held_out) == 4
    fill(tmp_path / "more", train=2, test=2)
    put(tmp_path / "more" / left_behind / "a.jpg")
    with pytest.raises(InputError, match=r"splits \(test, train\), not classes"):
        source(tmp_path / "more")


def test_splits_beside_classes(tmp_path):
    fill(tmp_path, test=2, train=2, extra=2)
    with pytest.raises(InputError, match=r"splits \(test, train\), not classes; .*data\.path="):
        source(tmp_path)
    fill(tmp_path / "vehicles", bus=2, train=2)  # a class of COCO's
    assert [one.id for one in source(tmp_path / "vehicles").concepts()] == ["bus", "train"]


def test_a_picture_replaced_by_one_of_its_size_is_another_run(tmp_path):
    fill(tmp_path, a=4)
    listing = source(tmp_path).listing()
    path = tmp_path / "a" / "0.jpg"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    os.utime(path, ns=(0, 1))
    assert source(tmp_path).listing() != listing
