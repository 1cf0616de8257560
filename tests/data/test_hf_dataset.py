"""Hugging Face data sets: saved, as parquet and as an image folder; nothing is fetched."""

import io

import datasets
import pytest
from PIL import Image

from tests.data.classed import colour, colours, names, put, shown
from vlminterp.data import hf_dataset
from vlminterp.data.hf_dataset import HFDatasetConfig, HFDatasetSource
from vlminterp.errors import ConfigError, InputError

LABELS = ["tench, Tinca tinca", "tabby_cat", "unseen"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def source(path, **options):
    return HFDatasetSource(HFDatasetConfig(str(path), **options))


def encoded(shade):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), shade).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": None}


def table(labels, kind=None, first=0):
    """Rows whose pictures' red is their number."""
    kind = kind or datasets.ClassLabel(names=LABELS)
    pictures = [encoded((first + row, 0, 0)) for row in range(len(labels))]
    features = datasets.Features({"image": datasets.Image(), "label": kind})
    return datasets.Dataset.from_dict({"image": pictures, "label": labels}, features=features)


def reds(loads):
    return [red for red, _, _ in shown(loads)]


@pytest.fixture(params=["saved", "parquet"])
def splits(request, tmp_path):
    """Rows 0…5 to train, 10…12 to test, as both ways of keeping them."""
    tables = datasets.DatasetDict(train=table([0, 1, 0, 1, 1, 0]), test=table([1, 0, 1], first=10))
    path = tmp_path / "kept"
    if request.param == "saved":
        tables.save_to_disk(str(path))
    else:
        path.mkdir()
        for split, rows in tables.items():
            rows.to_parquet(str(path / f"{split}-00000-of-00001.parquet"))
    return path


def test_labels_are_concepts(splits):
    data = source(splits, held_out="test")
    concepts = list(data.concepts())
    assert names(concepts) == {"tench, Tinca tinca": "tench", "tabby_cat": "tabby cat"}
    assert [reds(concept.images) for concept in concepts] == [[0, 2, 5], [1, 3, 4]]
    assert [reds(concept.held_out) for concept in concepts] == [[11], [10, 12]]
    assert data.notes() == ["classes without a picture, left out: 1 (unseen)"]


def test_a_share_is_held_out(splits):
    concepts = list(source(splits).concepts())
    assert [len(concept.held_out) for concept in concepts] == [1, 1]
    assert sorted(reds(concepts[0].images + concepts[0].held_out)) == [0, 2, 5]


def test_splits_and_columns_are_checked(splits):
    for options, words in (
        ({"split": "training"}, "data.split=training is unknown; nearest: train"),
        (
            {"held_out": "val"},
            "data.held_out=val is neither a split nor a number; all: test, train",
        ),
        ({"label": "breed"}, r"data.label=breed: no such column; columns: image \(Image\), label"),
        ({"image": "picture"}, "data.image=picture: no such column"),
        ({"image": "label"}, "data.image=label is not a column of pictures"),
        ({"label": "image"}, "data.label=image holds neither class labels nor texts"),
    ):
        with pytest.raises(ConfigError, match=words):
            source(splits, **options)


def test_texts_as_labels(tmp_path):
    labels = ["owl", None, "black_bear", "owl", " ", "black_bear"]
    table(labels, datasets.Value("string")).save_to_disk(str(tmp_path / "one"))
    data = source(tmp_path / "one", held_out=0)
    concepts = list(data.concepts())
    assert names(concepts) == {"black_bear": "black bear", "owl": "owl"}
    assert [reds(concept.images) for concept in concepts] == [[2, 5], [0, 3]]
    assert data.notes() == ["pictures without a label, left out: 2"]


def test_numbers_are_no_names(tmp_path):
    table([3, 4], datasets.Value("int64")).save_to_disk(str(tmp_path / "one"))
    with pytest.raises(ConfigError, match="neither class labels nor texts, so its classes have no"):
        source(tmp_path / "one")


def test_an_image_folder(tmp_path):
    folder = tmp_path / "pictures"
    paths = {
        (split, name): [folder / split / name / f"{n}.png" for n in range(2)]
        for split in ("train", "test")
        for name in ("barn_owl", "cat")
    }
    for group in paths.values():
        put(*group)
    concepts = list(source(folder, held_out="test").concepts())
    assert names(concepts) == {"barn_owl": "barn owl", "cat": "cat"}
    assert shown(concepts[0].images) == colours(paths["train", "barn_owl"])
    assert shown(concepts[1].held_out) == colours(paths["test", "cat"])


def test_pictures_are_read_lazily_and_one_by_one(tmp_path):
    rows = {
        "image": [{"bytes": b"broken", "path": None}, None, encoded(colour(tmp_path))],
        "other": [{"bytes": b"broken", "path": None}] * 3,
        "label": ["a", "a", "a"],
    }
    kinds = {
        "image": datasets.Image(),
        "other": datasets.Image(),
        "label": datasets.Value("string"),
    }
    made = datasets.Dataset.from_dict(rows, features=datasets.Features(kinds))
    made.save_to_disk(str(tmp_path / "one"))
    (concept,) = source(tmp_path / "one", held_out=0).concepts()
    with pytest.raises(InputError, match=r"one, train row 0: .*not a picture"):
        concept.images[0]()
    with pytest.raises(InputError, match="train row 1: no picture"):
        concept.images[1]()
    assert shown(concept.images[2:]) == [colour(tmp_path)]


def test_identity_follows_the_files(splits):
    listing = source(splits).listing()
    assert source(splits).listing() == listing
    assert source(splits, held_out="test").listing() != listing
    (splits / "new.txt").write_text("x")
    more = source(splits).listing()
    assert more != listing
    (splits / "new.txt").write_text("longer")
    assert source(splits).listing() not in (listing, more)


def test_what_can_not_be_loaded_is_told(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no data set folder at"):
        source(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        InputError, match=r"can't be loaded: .*doesn't contain any data files"
    ) as told:
        source(tmp_path / "empty")
    assert "\n" not in str(told.value)
    monkeypatch.setattr(hf_dataset, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"needs datasets: pip install 'vlminterp\[data\]'"):
        source(tmp_path / "empty")


@pytest.mark.parametrize("kept", ["saved", "parquet", "filtered"])
def test_a_copy_of_a_rewarded_picture_is_not_held_out(tmp_path, kept):
    tables = datasets.DatasetDict(train=table([0, 1, 0]), test=table([0, 1, 0], first=1))
    if kept == "filtered":  # whose rows are chosen by an index
        tables = datasets.DatasetDict(train=tables["train"], test=tables["test"].select([2, 1, 0]))
    path = tmp_path / "kept"
    if kept == "parquet":
        path.mkdir()
        for split, rows in tables.items():
            rows.to_parquet(str(path / f"{split}-00000-of-00001.parquet"))
    else:
        tables.save_to_disk(str(path))
    data = source(path, held_out="test")
    assert [reds(concept.images) for concept in data.concepts()] == [[0, 2], [1]]
    assert [reds(concept.held_out) for concept in data.concepts()] == [[3], []]
    assert "held-out pictures left out because rewards use them too: 2" in data.notes()
