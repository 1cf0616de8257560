"""Torchvision's data sets, in the layouts and annotation formats that it reads."""

import hashlib

import numpy as np
import pytest
from scipy.io import savemat
from torchvision.datasets import Flowers102

from tests.data.classed import colours, names, put, shown
from vlminterp.data import torchvision_sets
from vlminterp.data.torchvision_sets import (
    AircraftConfig,
    AircraftSource,
    CarsConfig,
    CarsSource,
    FlowersConfig,
    FlowersSource,
    PetsConfig,
    PetsSource,
)
from vlminterp.errors import ConfigError, InputError


@pytest.fixture
def pets(tmp_path):
    """Two cats and a dog: 3 pictures each to train, 2 to test."""
    base = tmp_path / "oxford-iiit-pet"
    breeds = ["Abyssinian", "British_Shorthair", "staffordshire_terrier"]
    for split, numbers in (("trainval", [1, 10, 2]), ("test", [3, 4])):
        rows = [(f"{b}_{n}", place) for place, b in enumerate(breeds, 1) for n in numbers]
        put(*(base / "images" / f"{name}.jpg" for name, _ in rows))
        (base / "annotations").mkdir(exist_ok=True)
        lines = "".join(f"{name} {place} {1 + (place > 2)} 1\n" for name, place in rows)
        (base / "annotations" / f"{split}.txt").write_text(lines)
    return tmp_path


def test_pets(pets):
    concepts = list(PetsSource(PetsConfig(str(pets))).concepts())
    assert names(concepts) == {
        "Abyssinian": "Abyssinian cat",
        "British_Shorthair": "British Shorthair cat",
        "staffordshire_terrier": "Staffordshire Terrier dog",
    }
    images = pets / "oxford-iiit-pet" / "images"
    dog = concepts[2]
    assert shown(dog.images) == colours(
        images / f"staffordshire_terrier_{n}.jpg" for n in (1, 10, 2)
    )
    assert shown(dog.held_out) == colours(images / f"staffordshire_terrier_{n}.jpg" for n in (3, 4))


def test_type_words_of_pets(pets):
    def named(word):
        return set(names(PetsSource(PetsConfig(str(pets), type_word=word)).concepts()).values())

    assert named(None) == {"Abyssinian", "Staffordshire Terrier", "British Shorthair"}
    assert named("pet") == {"Abyssinian pet", "Staffordshire Terrier pet", "British Shorthair pet"}


@pytest.fixture
def flowers(tmp_path, monkeypatch):
    """Flowers 1, 2 and 102, in which pictures 1…12 alternate; the splits are 6, 3 and 3."""
    base = tmp_path / "flowers-102"
    put(*(base / "jpg" / f"image_{number:05d}.jpg" for number in range(1, 13)))
    labels = np.array([1, 2, 102] * 4, dtype=np.uint8)
    savemat(base / "imagelabels.mat", {"labels": labels})
    ids = {"trnid": np.arange(1, 7), "valid": np.arange(7, 10), "tstid": np.arange(10, 13)}
    savemat(base / "setid.mat", ids)
    files = dict(Flowers102._file_dict)
    for key, name in (("label", "imagelabels.mat"), ("setid", "setid.mat")):
        files[key] = (name, hashlib.md5((base / name).read_bytes()).hexdigest())
    monkeypatch.setattr(Flowers102, "_file_dict", files)
    return tmp_path


def test_flowers(flowers):
    data = FlowersSource(FlowersConfig(str(flowers)))
    concepts = list(data.concepts())
    assert names(concepts) == {
        "pink primrose": "pink primrose",
        "hard-leaved pocket orchid": "hard-leaved pocket orchid",
        "blackberry lily": "blackberry lily",
    }
    jpg = flowers / "flowers-102" / "jpg"
    assert shown(concepts[2].images) == colours([jpg / "image_00003.jpg", jpg / "image_00006.jpg"])
    assert shown(concepts[2].held_out) == colours([jpg / "image_00009.jpg"])
    assert data.notes()[0].startswith("classes without a picture, left out: 99 (canterbury bells,")
    assert len(data.notes()) == 1


def test_flowers_whose_tables_are_broken(flowers):
    (flowers / "flowers-102" / "setid.mat").write_bytes(b"no")
    with pytest.raises(InputError, match=r"Flowers102: .* is incomplete or broken \(.*download"):
        FlowersSource(FlowersConfig(str(flowers)))


@pytest.fixture
def aircraft(tmp_path):
    """Variants whose names say their maker, and such whose don't."""
    data = tmp_path / "fgvc-aircraft-2013b" / "data"
    variants = {
        "737-200": "Boeing",
        "Cessna 172": "Cessna",
        "DC-10": "McDonnell Douglas",
        "Gulfstream IV": "Gulfstream Aerospace",
        "Spitfire": "Supermarine",
    }
    (data / "images").mkdir(parents=True)
    (data / "variants.txt").write_text("".join(f"{v}\n" for v in variants))
    (data / "manufacturers.txt").write_text("".join(f"{m}\n" for m in sorted(variants.values())))
    # Pictures 0…4 of each variant: 0 and 1 train, 2 validates, 3 and 4 test.
    splits = {"train": [0, 1], "val": [2], "trainval": [0, 1, 2], "test": [3, 4]}
    for split, numbers in splits.items():
        rows = [
            (f"{5 * place + number:07d}", variant, maker)
            for place, (variant, maker) in enumerate(variants.items())
            for number in numbers
        ]
        put(*(data / "images" / f"{name}.jpg" for name, _, _ in rows))
        for level, column in (("variant", 1), ("manufacturer", 2)):
            lines = "".join(f"{row[0]} {row[column]}\n" for row in rows)
            (data / f"images_{level}_{split}.txt").write_text(lines)
    return tmp_path


def test_aircraft(aircraft):
    concepts = list(AircraftSource(AircraftConfig(str(aircraft))).concepts())
    assert names(concepts) == {
        "737-200": "Boeing 737-200 aircraft",
        "Cessna 172": "Cessna 172 aircraft",
        "DC-10": "McDonnell Douglas DC-10 aircraft",
        "Gulfstream IV": "Gulfstream IV aircraft",
        "Spitfire": "Supermarine Spitfire aircraft",
    }
    images = aircraft / "fgvc-aircraft-2013b" / "data" / "images"
    expected = [images / f"{number:07d}.jpg" for number in range(5)]
    assert shown(concepts[0].images) == colours(expected[:3])
    assert shown(concepts[0].held_out) == colours(expected[3:])


def test_splits_that_overlap_share_no_picture(aircraft):
    config = AircraftConfig(str(aircraft), split="train", held_out="trainval")
    data = AircraftSource(config)
    for concept in data.concepts():
        assert (len(concept.images), len(concept.held_out)) == (2, 1)
        assert not set(shown(concept.images)) & set(shown(concept.held_out))
    assert data.notes() == ["held-out pictures left out because rewards use them too: 10"]


@pytest.fixture
def cars(tmp_path):
    """Two models; 2 pictures each to train, 1 to test."""
    base = tmp_path / "stanford_cars"
    models = ["AM General Hummer SUV 2000", "Ram C/V Cargo Van Minivan 2012"]
    (base / "devkit").mkdir(parents=True)
    meta = np.array(models, dtype=object).reshape(1, -1)
    savemat(base / "devkit" / "cars_meta.mat", {"class_names": meta})
    kind = [(name, object) for name in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")]
    kind += [("class", object), ("fname", object)]
    for path, folder, labels in (
        (base / "devkit" / "cars_train_annos.mat", "cars_train", [1, 2, 1, 2]),
        (base / "cars_test_annos_withlabels.mat", "cars_test", [2, 1]),
    ):
        rows = [(1, 1, 2, 2, label, f"{n:05d}.jpg") for n, label in enumerate(labels, 1)]
        savemat(path, {"annotations": np.array([rows], dtype=kind)[0].reshape(1, -1)})
        put(*(base / folder / row[-1] for row in rows))
    return tmp_path


def test_cars(cars):
    concepts = list(CarsSource(CarsConfig(str(cars))).concepts())
    assert [concept.name for concept in concepts] == [
        "AM General Hummer SUV 2000",
        "Ram C/V Cargo Van Minivan 2012",
    ]
    base = cars / "stanford_cars"
    train = [base / "cars_train" / "00001.jpg", base / "cars_train" / "00003.jpg"]
    assert shown(concepts[0].images) == colours(train)
    assert shown(concepts[0].held_out) == colours([base / "cars_test" / "00002.jpg"])


ALL = [
    (PetsSource, PetsConfig, "OxfordIIITPet: no folder .*oxford-iiit-pet; data.download=true"),
    (FlowersSource, FlowersConfig, "Flowers102: no folder .*flowers-102; data.download=true"),
    (AircraftSource, AircraftConfig, "FGVCAircraft: no folder .*2013b; data.download=true"),
    (CarsSource, CarsConfig, "StanfordCars: no folder .*stanford_cars; it can't be fetched"),
]


@pytest.mark.parametrize(("source", "config", "words"), ALL)
def test_what_is_missing_is_told(tmp_path, source, config, words):
    with pytest.raises(InputError, match=words) as caught:
        source(config(str(tmp_path)))
    assert "\n" not in str(caught.value)


def test_unknown_splits_name_the_nearest(pets):
    with pytest.raises(ConfigError, match=r"data\.split=trainvl is unknown; nearest: trainval"):
        PetsSource(PetsConfig(str(pets), split="trainvl"))
    with pytest.raises(ConfigError, match=r"data\.held_out=val is neither a split nor a number"):
        PetsSource(PetsConfig(str(pets), held_out="val"))


def test_half_of_a_data_set(pets):
    (pets / "oxford-iiit-pet" / "annotations" / "test.txt").unlink()
    with pytest.raises(InputError, match=r"OxfordIIITPet: .* incomplete or broken .*test\.txt"):
        PetsSource(PetsConfig(str(pets)))


def test_without_scipy(flowers, monkeypatch):
    monkeypatch.setattr(torchvision_sets, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"needs scipy: pip install 'vlminterp\[data\]'"):
        FlowersSource(FlowersConfig(str(flowers)))


def test_fetching_is_asked_for(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(Flowers102, "download", lambda self: asked.append(self.root))
    with pytest.raises(InputError, match="Dataset not found or corrupted"):
        FlowersSource(FlowersConfig(str(tmp_path), download=True))
    assert asked == [tmp_path]
