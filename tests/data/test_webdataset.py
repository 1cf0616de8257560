"""Pairs in tar files, which the standard library writes as webdataset and img2dataset do."""

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from vlminterp.data.tar_index import samples
from vlminterp.data.webdataset import WebdatasetConfig, WebdatasetSource
from vlminterp.errors import InputError


def encoded(colour, kind="png"):
    buffer = io.BytesIO()
    Image.new("RGB", (6, 4), colour).save(buffer, kind)
    return buffer.getvalue()


def write(path, *members):
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def pairs(path, **options):
    return list(WebdatasetSource(WebdatasetConfig(str(path), **options)).pairs())


def test_samples_are_pairs_in_order_over_all_shards(tmp_path):
    for shard, names in (("00001.tar", "cd"), ("00000.tar", "ab")):
        members = [
            member
            for name in names
            for member in (
                (f"{name}.png", encoded((ord(name), 0, 0))),
                (f"{name}.txt", f"a {name}".encode()),
                (f"{name}.json", b"{}"),
            )
        ]
        write(tmp_path / shard, *members)
    for path in (tmp_path, tmp_path / "*.tar", tmp_path / "{00000..00001}.tar"):
        found = pairs(path)
        assert [(pair.id, pair.text) for pair in found] == [(n, f"a {n}") for n in "abcd"]
        assert [pair.load_image().getpixel((0, 0))[0] for pair in found] == list(map(ord, "abcd"))
    assert len(pairs(tmp_path, limit=3)) == 3


def test_a_caption_may_be_in_the_json_and_a_mask_beside(tmp_path):
    mask = np.zeros((4, 6), np.uint8)
    mask[1] = 255
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "png")
    write(
        tmp_path / "a.tar",
        ("x/7.JPG", encoded((9, 9, 9), "jpeg")),
        ("x/7.json", json.dumps({"caption": " a fox "}).encode()),
        ("x/7.mask.png", buffer.getvalue()),
    )
    (pair,) = pairs(tmp_path / "a.tar", text="json.caption")
    assert (pair.id, pair.text) == ("x/7", "a fox")
    assert np.array_equal(pair.load_mask(), mask > 0)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.png", b"no picture"), ("a.txt", b"a")], "no picture|can't be read|not a picture"),
        ([("a.png", encoded("red"))], "no member .txt"),
        ([("a.png", encoded("red")), ("a.txt", b" ")], "the caption is empty"),
        ([("a.png", encoded("red")), ("a.txt", b"\xff")], "can't be read as text"),
    ],
)
def test_a_broken_sample_fails_when_it_is_read_and_the_next_is_fine(tmp_path, members, message):
    good = [("b.png", encoded("blue")), ("b.txt", b"b")]
    broken, whole = pairs(write(tmp_path / "a.tar", *members, *good))
    with pytest.raises(InputError, match=message):
        broken.load_image()
    assert whole.load_image().size == (6, 4)


@pytest.mark.parametrize("kept", [700, 1536 + 20, 3000])
def test_a_truncated_shard_is_counted_and_the_next_one_done(tmp_path, kept):
    members = [(f"{n}.{k}", c) for n in "abc" for k, c in (("png", encoded("red")), ("txt", b"t"))]
    whole = write(tmp_path / "0.tar", *members)
    whole.write_bytes(whole.read_bytes()[:kept])
    write(tmp_path / "1.tar", *members)
    found = pairs(tmp_path)
    assert [pair.text for pair in found[-3:]] == ["t"] * 3
    (damaged,) = (pair for pair in found if pair.id.startswith("0.tar"))
    with pytest.raises(InputError, match=r"0\.tar: the tar file is damaged"):
        damaged.load_image()


def test_the_identity_changes_with_a_shard_and_no_shard_is_one_line(tmp_path):
    write(tmp_path / "a.tar", ("a.png", encoded("red")), ("a.txt", b"a"))
    source = WebdatasetSource(WebdatasetConfig(str(tmp_path)))
    before = source.listing()
    (tmp_path / "a.tar").write_bytes(b"")
    assert source.listing() != before
    with pytest.raises(InputError, match="no tar file there"):
        pairs(tmp_path / "gone.tar")


def test_addresses_are_those_of_fsspec(tmp_path):
    import fsspec

    write(tmp_path / "a.tar", ("a.png", encoded("red")), ("a.txt", b"a"))
    with fsspec.open("memory://shards/00.tar", "wb") as file:
        file.write((tmp_path / "a.tar").read_bytes())
    (pair,) = pairs("memory://shards/{00..00}.tar")
    assert pair.load_image().getpixel((0, 0)) == (255, 0, 0)


def test_a_shard_is_opened_once_for_all_captions(tmp_path, monkeypatch):
    """Each caption by itself would be a request of its own to a store on the web."""
    import fsspec

    members = [(f"{n}.{k}", c) for n in "abc" for k, c in (("png", encoded("red")), ("txt", b"t"))]
    write(tmp_path / "a.tar", *members)
    opened = []
    monkeypatch.setattr(fsspec, "open", lambda *a, _open=fsspec.open: opened.append(a) or _open(*a))
    assert len(pairs(tmp_path)) == 3
    assert len(opened) == 1


def sparse(path, *names, size):
    """A tar file of less than 10 KB, whose members say that they are large files of zeros."""
    with path.open("wb") as file:
        for name in names:
            info = tarfile.TarInfo(name)
            info.pax_headers = {
                "GNU.sparse.major": "1",
                "GNU.sparse.minor": "0",
                "GNU.sparse.realsize": str(size),
                "GNU.sparse.name": name,
            }
            info.size = 512
            file.write(info.tobuf(tarfile.PAX_FORMAT) + b"0\n".ljust(512, b"\0"))
        file.write(bytes(1024))
    return path


@pytest.mark.parametrize("text", ["txt", "json.caption"])
def test_a_member_that_claims_to_be_huge_takes_no_memory(text, tmp_path):
    suffix = text.partition(".")[0]
    path = sparse(tmp_path / "a.tar", "a.png", f"a.{suffix}", size=2**40)
    assert path.stat().st_size < 10_000
    (pair,) = pairs(path, text=text)
    with pytest.raises(InputError, match="too large to hold a caption"):
        pair.load_image()


def test_a_picture_that_claims_to_be_huge_is_one_line(tmp_path):
    path = sparse(tmp_path / "a.tar", "a.png", size=2**40)
    member = next(samples(str(path), "txt")).members["png"]
    with pytest.raises(InputError, match=r"a\.tar: holds 1099511627776 bytes"):
        member.read()


def test_json_nested_beyond_all_measure_is_one_line(tmp_path):
    write(tmp_path / "a.tar", ("a.png", encoded("red")), ("a.json", b"[" * 200_000))
    (pair,) = pairs(tmp_path, text="json.caption")
    with pytest.raises(InputError, match="json can't be read as text"):
        pair.load_image()
