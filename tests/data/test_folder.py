"""A folder of pictures: which, in which order, with which caption, and what is missing."""

import os

import pytest
from PIL import Image

from vlminterp.data.boxes import BoxFormat
from vlminterp.data.folder import FolderConfig, FolderSource
from vlminterp.data.picture_formats import readable_formats
from vlminterp.errors import ConfigError, InputError


def put(path, caption=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    readable_formats()  # registers those of packages
    Image.new("RGB", (4, 4)).save(path)
    if caption is not None:
        path.with_suffix(".txt").write_text(caption, encoding="utf-8")


def source(path, limit=None):
    return FolderSource(FolderConfig(str(path), limit))


def told(pair):
    """The caption of a pair that can be used, or why it can't."""
    try:
        pair.load_image()
    except InputError as error:
        return str(error).split(": ", 1)[1]
    return pair.text


def test_natural_order_through_all_folders(tmp_path):
    for name in ["10.jpg", "9.jpg", "b2/1.png", "b10/1.png", "A.JPG", "010.jpg", "é.webp"]:
        put(tmp_path / name, f"caption of {name}")
    put(tmp_path / ".hidden.jpg", "no")
    put(tmp_path / ".trash" / "a.jpg", "no")
    (tmp_path / "notes.md").write_text("no picture")
    os.symlink(tmp_path, tmp_path / "b2" / "loop")
    pairs = list(source(tmp_path).pairs())
    assert [pair.id for pair in pairs] == [
        *("9.jpg", "010.jpg", "10.jpg", "A.JPG", "b2/1.png", "b10/1.png", "é.webp")
    ]
    assert all(pair.text == f"caption of {pair.id}" for pair in pairs)


def test_captions_beside_the_pictures(tmp_path):
    put(tmp_path / "1.jpg", "\ufeffa cat\n on a mat \n")
    put(tmp_path / "2.jpg", " \n")
    put(tmp_path / "3.jpg")
    put(tmp_path / "4.jpg")
    (tmp_path / "4.txt").write_bytes(b"caf\xe9")
    put(tmp_path / "5.jpg", "a dog")
    (tmp_path / "5.jpg").write_bytes(b"")
    put(tmp_path / "6.jpg")
    (tmp_path / "6.txt").mkdir()
    assert [told(pair) for pair in source(tmp_path).pairs()] == [
        "a cat on a mat",
        "its caption 2.txt is empty",
        "no caption (3.txt) beside it",
        "its caption 4.txt is not UTF-8",
        "is empty (0 bytes)",
        "its caption 6.txt can't be read (Is a directory)",
    ]


def test_captions_in_a_table(tmp_path):
    for name in ["a.jpg", "sub/b.jpg", "c.jpg"]:
        put(tmp_path / name, "not this")
    (tmp_path / "captions.csv").write_text(
        "image,text\nsub/b.jpg,a dog\n./a.jpg,a cat\na.jpg,again\nnone.jpg,a hole\n"
    )
    pairs = list(source(tmp_path).pairs())
    assert [told(pair) for pair in pairs] == [
        "a dog", "a cat", "again", "no such file", "no caption in captions.csv",
    ]  # fmt: skip
    assert [pair.id for pair in pairs][-1] == "c.jpg"
    assert len({pair.id for pair in pairs}) == 5 == source(tmp_path).count()
    assert source(tmp_path, 4).count() == 4


def test_a_table_without_its_columns(tmp_path):
    put(tmp_path / "a.jpg")
    (tmp_path / "captions.csv").write_text("file,caption\na.jpg,a cat\n")
    with pytest.raises(InputError, match="no column image and text; columns found: file, caption"):
        source(tmp_path)


def test_the_limit(tmp_path):
    for index in range(12):
        put(tmp_path / f"{index}.jpg", f"caption {index}")
    assert [pair.id for pair in source(tmp_path, 3).pairs()] == ["0.jpg", "1.jpg", "2.jpg"]
    with pytest.raises(ConfigError, match=r"data\.limit=-1 must be at least 1"):
        FolderConfig("x", limit=-1)


def test_folders_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no picture folder at"):
        source(tmp_path / "none")
    with pytest.raises(InputError, match="no pictures"):
        source(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a folder"):
        source(tmp_path / "file")


def test_identity_follows_captions_and_pictures(tmp_path):
    put(tmp_path / "a.jpg", "a cat")
    put(tmp_path / "b.jpg")
    first = source(tmp_path)
    assert list(first.files()) == [tmp_path / "a.txt"]
    listing = first.listing()
    assert listing == source(tmp_path).listing()
    put(tmp_path / "c.jpg")
    assert source(tmp_path).listing() != listing
    (tmp_path / "captions.csv").write_text("image,text\na.jpg,a cat\n")
    assert list(source(tmp_path).files()) == [tmp_path / "captions.csv"]


def test_names_that_are_no_utf8(tmp_path):
    put(tmp_path / "caf\udce9.jpg", "a cup")
    (pair,) = source(tmp_path).pairs()
    assert pair.id == "caf?.jpg"
    assert told(pair) == "a cup"
    assert source(tmp_path).listing()


def test_pictures_of_every_name_that_pillow_reads(tmp_path):
    for name in ["1.jfif", "2.JPE", "3.heic", "4.jxl", "5.avif", "6.dib"]:
        put(tmp_path / name, f"caption of {name}")
    pairs = list(source(tmp_path).pairs())
    assert [told(pair) for pair in pairs] == [f"caption of {pair.id}" for pair in pairs]
    assert len(pairs) == 6


def test_a_captioned_picture_that_nothing_reads_is_counted(tmp_path):
    put(tmp_path / "1.jpg", "a cat")
    (tmp_path / "1.json").write_text("{}")  # of the picture, not one itself
    for name in ["2.psd", "3.dng"]:
        (tmp_path / name).write_bytes(b"something")
        (tmp_path / name).with_suffix(".txt").write_text("a dog")
    (tmp_path / "README.txt").write_text("about these pictures")
    data = source(tmp_path)
    assert [told(pair) for pair in data.pairs()] == [
        "a cat", ".psd is no picture format that is read", ".dng is no picture format that is read",
    ]  # fmt: skip
    assert data.count() == 3


def test_captions_in_utf_16(tmp_path):
    put(tmp_path / "1.jpg")
    (tmp_path / "1.txt").write_bytes("ein Käfer".encode("utf-16"))
    put(tmp_path / "2.jpg")
    (tmp_path / "2.txt").write_bytes("ein Käfer".encode("utf-16-le"))
    first, second = source(tmp_path).pairs()
    assert told(first) == "ein Käfer"
    assert "save it as UTF-8" in told(second)


def test_a_replaced_picture_is_another_run(tmp_path):
    put(tmp_path / "a.jpg", "a cat")
    put(tmp_path / "mask.png")
    listing = source(tmp_path).listing()
    os.utime(tmp_path / "a.jpg", ns=(0, 1))
    changed = source(tmp_path).listing()
    assert changed != listing
    elsewhere = tmp_path.parent / f"{tmp_path.name}.png"
    put(elsewhere)
    (tmp_path / "captions.csv").write_text(f"image,text\n{elsewhere},a cat\n")
    listing = source(tmp_path).listing()
    os.utime(elsewhere, ns=(0, 1))
    assert source(tmp_path).listing() != listing


def test_a_table_of_a_folder_has_the_options_of_a_manifest(tmp_path):
    put(tmp_path / "a.jpg")
    (tmp_path / "captions.csv").write_text('image,text,bbox\na.jpg,a cat,"[1, 1, 2, 2]"\n')
    with pytest.raises(ConfigError, match=r"column bbox .* data\.boxes=xywh"):
        source(tmp_path)
    data = FolderSource(FolderConfig(str(tmp_path), boxes=BoxFormat.xywh))
    (pair,) = data.pairs()
    assert pair.load_mask().sum() == 4
    os.symlink("/etc/hostname", tmp_path / "b.jpg")
    bounded = FolderSource(FolderConfig(str(tmp_path), boxes=BoxFormat.xywh, within=str(tmp_path)))
    assert told(next(bounded.pairs())) == "a cat"
