"""Pictures and captions of a Hugging Face data set, as a stream."""

import io
import os
import zipfile
from types import SimpleNamespace

import datasets
import pyarrow.parquet as pq
import pytest
from PIL import Image

from vlminterp.data.hf_pairs import HFPairsConfig, HFPairsSource
from vlminterp.errors import ConfigError, InputError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def source(path, **options):
    return HFPairsSource(HFPairsConfig(str(path), **options))


def encoded(shade):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (shade, 0, 0)).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": None}


@pytest.fixture
def rows(tmp_path):
    """A folder of two parquet files whose pictures' red is the row's number."""

    def write(texts, kind=None, pictures=None):
        folder = tmp_path / "rows"
        folder.mkdir()
        pictures = pictures or [encoded(number) for number in range(len(texts))]
        kinds = {"image": datasets.Image(), "text": kind or datasets.Value("string")}
        table = datasets.Dataset.from_dict(
            {"image": pictures, "text": texts}, features=datasets.Features(kinds)
        )
        half = len(texts) // 2
        parts = range(half), range(half, len(texts))
        for number, part in enumerate(parts):
            some = table.select(part).flatten_indices()
            # Not by to_parquet, which reads files that rows name.
            pq.write_table(some.data.table, folder / f"train-{number:05d}-of-00002.parquet")
        return folder

    return write


def test_rows_are_pairs_in_order_over_all_files(rows):
    folder = rows(["a cat", " a dog ", "an owl"])
    data = source(folder)
    found = list(data.pairs())
    assert [pair.text for pair in found] == ["a cat", "a dog", "an owl"]
    assert [pair.load_image().getpixel((0, 0))[0] for pair in found] == [0, 1, 2]
    assert len({pair.id for pair in found}) == 3
    assert [pair.id for pair in data.pairs()] == [pair.id for pair in found]
    assert len(list(source(folder, limit=2).pairs())) == 2


def test_nothing_is_decoded_before_it_is_asked_for(rows):
    broken = {"bytes": b"no picture", "path": None}
    found = list(source(rows(["a", "b"], pictures=[broken, encoded(1)])).pairs())
    with pytest.raises(InputError, match="row-000000: picture"):
        found[0].load_image()
    assert found[1].load_image().size == (3, 2)


def test_of_several_captions_the_first_and_without_any_it_is_counted(rows):
    texts = [["a cat", "a pet"], [], [""]]
    first, *others = source(rows(texts, datasets.Sequence(datasets.Value("string")))).pairs()
    assert first.text == "a cat"
    for pair in others:
        with pytest.raises(InputError, match="the caption is empty"):
            pair.load_image()


def test_its_identity_is_that_of_its_files(rows):
    folder = rows(["a", "b"])
    before = source(folder).listing()
    assert source(folder).listing() == before
    os.utime(min(folder.iterdir()), (1, 1))
    assert source(folder).listing() != before


def test_mistakes_are_one_line(rows, tmp_path):
    folder = rows(["a", "b"])
    with pytest.raises(
        ConfigError, match=r"data\.text=caption: no such column; columns: image, text"
    ):
        source(folder, text="caption")
    with pytest.raises(InputError, match="no data set folder at"):
        source(tmp_path / "nowhere")
    with pytest.raises(InputError, match="can't be loaded"):
        source(folder, split="elsewhere")
    with pytest.raises(ConfigError, match=r"data\.limit=0"):
        source(folder, limit=0)


def test_a_data_set_of_the_hub_is_known_by_its_commit(rows, monkeypatch):
    stored = datasets.load_dataset(str(rows(["a cat", "a dog"])), split="train", streaming=True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: stored)
    listings = set()
    for commit in ("a" * 40, "b" * 40):
        said = SimpleNamespace(sha=commit)
        monkeypatch.setattr("huggingface_hub.HfApi.dataset_info", lambda *_, said=said, **__: said)
        listings |= {source("org/name").listing(), source("org/name").listing()}
    assert len(listings) == 2


def test_pictures_lie_in_the_rows_in_the_folder_or_in_an_archive_there(rows, tmp_path):
    secret = tmp_path / "private.png"
    Image.new("RGB", (3, 2)).save(secret)
    folder = tmp_path / "rows"
    inside, archive = folder / "own.png", folder / "own.zip"
    named = [
        str(secret),
        str(inside),
        f"zip://own.png::{archive}",
        f"zip://own.png::{tmp_path}/x.zip",
    ]
    pictures = [{"bytes": None, "path": path} for path in named]
    found = list(source(rows(["a"] * 4, pictures=pictures)).pairs())
    Image.new("RGB", (3, 2)).save(inside)
    with zipfile.ZipFile(archive, "w") as file:
        file.write(inside, "own.png")
    for place in (0, 3):
        with pytest.raises(InputError, match="is not within the data set"):
            found[place].load_image()
    for place in (1, 2):
        assert found[place].load_image().size == (3, 2)
