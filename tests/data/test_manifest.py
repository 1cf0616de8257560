"""Tables of pairs: every format gives the same pairs, broken rows are told and passed over."""

import csv
import io
import json
import os
import resource
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from vlminterp.attribution.loaded import load_pair
from vlminterp.data.manifest import ManifestConfig, ManifestSource
from vlminterp.data.rows import read_rows
from vlminterp.errors import ConfigError, InputError

FORMATS = ["csv", "tsv", "jsonl", "parquet"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    for index, name in enumerate(["a.png", "b.png", "c.png"]):
        Image.new("RGB", (8, 6), (index, 0, 0)).save(tmp_path / "pictures" / name)
    return tmp_path


def write(folder, suffix, rows):
    """Writes the same rows in any format; a list in csv is JSON."""
    path = folder / f"pairs.{suffix}"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if suffix == "parquet":
        table = {column: [row.get(column) for row in rows] for column in columns}
        pq.write_table(pa.table(table), path)
    elif suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter="," if suffix == "csv" else "\t")
            writer.writerow(columns)
            for row in rows:
                cells = [row.get(column) for column in columns]
                writer.writerow([json.dumps(c) if isinstance(c, list) else c for c in cells])
    return path


def source(path, limit=None):
    return ManifestSource(ManifestConfig(str(path), limit))


def reason(pair):
    with pytest.raises(InputError) as raised:
        pair.load_image()
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_pairs(folder, suffix):
    rows = [
        {"image": "pictures/a.png", "text": " a red, “curly” cat\n", "boxes": [[1, 2, 5, 4]]},
        {"image": str(folder / "pictures/b.png"), "text": "狗 🐕", "id": "dog"},
        {"image": "pictures/c.png", "text": ""},
    ]
    first, second, third = source(write(folder, suffix, rows)).pairs()
    assert (first.id, first.text) == ("pictures/a.png", "a red, “curly” cat")
    assert first.load_image().getpixel((0, 0)) == (0, 0, 0)
    assert (second.id, second.text) == ("dog", "狗 🐕")
    assert second.load_image().getpixel((0, 0)) == (1, 0, 0)
    assert second.load_mask is None
    expected = np.zeros((6, 8), bool)
    expected[2:4, 1:5] = True
    assert np.array_equal(first.load_mask(), expected)
    assert "the caption is empty" in reason(third)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_missing_column_is_named_at_once(folder, suffix):
    path = write(folder, suffix, [{"image": "pictures/a.png", "caption": "a cat"}])
    with pytest.raises(InputError, match="no column text; columns found: image, caption"):
        source(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_limit(folder, suffix):
    rows = [{"image": "pictures/a.png", "text": str(index)} for index in range(5)]
    path = write(folder, suffix, rows)
    assert [pair.text for pair in source(path, 2).pairs()] == ["0", "1"]
    assert [source(path, limit).count() for limit in (2, 9, None)] == [2, 5, 5]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows(folder, suffix):
    path = write(folder, "csv", [{"image": "a", "text": "b"}])
    path.write_text("image,text\n")
    if suffix == "parquet":
        path = folder / "pairs.parquet"
        pq.write_table(pa.table({"image": pa.array([], "string"), "text": []}), path)
    elif suffix != "csv":
        path = folder / f"pairs.{suffix}"
        path.write_text("image\ttext\n" if suffix == "tsv" else "\n")
    with pytest.raises(InputError, match="has no rows"):
        source(path)


def test_repeated_ids_get_the_row_as_a_suffix(folder):
    rows = [{"image": "pictures/a.png", "text": text} for text in ("one", "two", "three")]
    found = source(write(folder, "csv", rows))
    ids = [pair.id for pair in found.pairs()]
    assert ids == ["pictures/a.png", "pictures/a.png#2", "pictures/a.png#3"]
    assert ids == [pair.id for pair in found.pairs()]


def test_malformed_csv_rows_are_told_by_line_and_passed_over(folder):
    path = folder / "pairs.csv"
    path.write_bytes(
        b"\xef\xbb\xbfimage, text\r\n"
        b'pictures/a.png,"two\nlines"\r\n'
        b"pictures/a.png\r\n"
        b"\r\n"
        b"pictures/a.png,one,two\r\n"
        b'pictures/a.png,"quoted" and more\r\n'
        b"pictures/a.png,caf\xe9\r\n"
        b"pictures/b.png,a good one\r\n"
    )
    pairs = list(source(path).pairs())
    assert pairs[0].text == "two\nlines"
    assert "line 4: 1 fields where there are 2" in reason(pairs[1])
    assert "line 6: 3 fields" in reason(pairs[2])
    assert "line 7: malformed row" in reason(pairs[3])
    assert "line 8: column text is not valid UTF-8" in reason(pairs[4])
    assert pairs[4].text.encode()
    assert pairs[5].load_image().size == (8, 6)
    assert len({pair.id for pair in pairs}) == len(pairs) == 6


def test_malformed_jsonl_rows(folder):
    path = folder / "pairs.jsonl"
    path.write_bytes(
        b'{"image": "pictures/a.png", "text": "fine"}\n'
        b"\n"
        b'{"image": "pictures/a.png", \n'
        b"[1, 2]\n"
        b'{"image": "pictures/a.png", "text": "\xe9"}\n'
        b'{"image": "pictures/a.png", "text": "\\ud800"}\n'
        b'{"image": "pictures/a.png"}\n'
        b'{"image": "pictures/a.png", "text": ["a", "b"]}\n'
        b'{"image": 5, "text": "a"}\n'
        b'{"text": "a"}\n'
    )
    pairs = list(source(path).pairs())
    assert pairs[0].load_image().size == (8, 6)
    expected = [
        "line 3: not JSON",
        "line 4: not a JSON object",
        "line 5: not UTF-8",
        "line 6: column text is not valid UTF-8",
        "line 7: the caption is empty",
        "line 8: the caption is not text but list",
        "line 9: a picture must be a path, not int",
        "line 10: no image",
    ]
    for pair, message in zip(pairs[1:], expected, strict=True):
        assert message in reason(pair)
        assert (pair.id + pair.text).encode()


def test_a_broken_first_row_does_not_hide_a_missing_column(folder):
    path = folder / "pairs.jsonl"
    path.write_text('broken\n{"image": "a.png", "txt": "a"}\n')
    with pytest.raises(InputError, match="no column text"):
        list(source(path).pairs())


@pytest.mark.parametrize("struct", [True, False])
def test_parquet_with_pictures_inside(folder, struct):
    buffer = io.BytesIO()
    Image.new("RGB", (3, 2), (9, 9, 9)).save(buffer, "PNG")
    data = buffer.getvalue()
    images = [{"bytes": data, "path": "x.png"}, {"bytes": None, "path": "pictures/b.png"}, None]
    rows = {"image": images if struct else [data, None, b"no picture"], "text": ["a", "b", "c"]}
    pq.write_table(pa.table(rows), folder / "pairs.parquet")
    first, second, third = source(folder / "pairs.parquet").pairs()
    assert first.load_image().getpixel((1, 1)) == (9, 9, 9)
    assert first.id == ("x.png" if struct else "row-1")
    if struct:
        assert second.load_image().getpixel((0, 0)) == (1, 0, 0)
        assert "no image" in reason(third)
    else:
        assert "row 2: no image" in reason(second)
        assert "not a picture" in reason(third)


def test_the_mask_is_what_is_not_zero_and_comes_before_boxes(folder):
    marked = np.zeros((6, 8), np.uint8)
    marked[1, 2] = 1
    Image.fromarray(marked).save(folder / "mask.png")
    row = {"image": "pictures/a.png", "text": "a", "mask": "mask.png", "boxes": [[0, 0, 8, 6]]}
    (pair,) = source(write(folder, "csv", [row])).pairs()
    assert np.array_equal(pair.load_mask(), marked > 0)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ("[[1, 2", "boxes are not JSON"),
        ("7", "must be a list"),
        ("[1, 2, 3, 4]", "box 1 is not"),
        ("[[1, 2, 3]]", "is not [left, top, right, bottom]"),
        ('[[1, 2, 3, "x"]]', "not made of four numbers"),
        ("[[1, 2, 3, NaN]]", "not made of four numbers"),
        ("[[5, 2, 3, 4]]", "is empty"),
    ],
)
def test_malformed_boxes(folder, boxes, message):
    path = folder / "pairs.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["image", "text", "boxes"],
                ["pictures/a.png", "a", boxes],
                ["pictures/b.png", "b", ""],
            ]
        )
    bad, good = source(path).pairs()
    assert message in reason(bad)
    assert good.load_image()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("pairs.xlsx", b"", "not a table; known are .csv, .tsv, .jsonl"),
        ("pairs.csv", b"", "no column image and text; columns found: none"),
        ("pairs.csv", b"image|text\na|b\n", r"columns found: image\|text"),
        ("pairs.csv", b'"image"x,text\n', "malformed header"),
        ("pairs.parquet", b"no parquet", "not a parquet file"),
        ("pairs.parquet", b"", "not a parquet file"),
    ],
)
def test_tables_that_are_none(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        source(tmp_path / name)
    assert "\n" not in str(raised.value)


def test_missing_table_and_bad_limit(tmp_path):
    with pytest.raises(InputError, match="no manifest at"):
        source(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is not a file"):
        source(tmp_path)
    with pytest.raises(ConfigError, match=r"data\.limit=0"):
        ManifestConfig("pairs.csv", limit=0)


def test_the_table_is_part_of_the_runs_identity(folder):
    path = write(folder, "csv", [{"image": "pictures/a.png", "text": "a"}])
    assert list(source(path).files()) == [path]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_table(tmp_path, suffix):
    rows = 200_000
    path = tmp_path / f"pairs.{suffix}"
    write_long(path, rows)
    before, most, count = resident(), 0, 0
    for count, _ in enumerate(source(path).pairs(), start=1):
        if count % 2_000 == 0:
            most = max(most, resident() - before)
    assert count == rows
    assert most < 64 * 2**20  # 16 MiB are the filter of ids, 16 parquet's; the rows are over 100


def write_long(path, rows):
    """Writes a long table without holding it: memory freed here would hide what reading takes."""
    names = (f"pictures/of/some/length/{index:09}.png" for index in range(rows))
    if path.suffix == ".parquet":
        schema = pa.schema({"image": "string", "text": "string"})
        with pq.ParquetWriter(path, schema) as writer:
            while chunk := list(islice(names, 10_000)):
                writer.write_table(pa.table({"image": chunk, "text": chunk}, schema=schema))
        return
    line = "{0},{0}\n" if path.suffix == ".csv" else '{{"image": "{0}", "text": "{0}"}}\n'
    with path.open("w") as file:
        file.write("image,text\n" if path.suffix == ".csv" else "")
        file.writelines(line.format(name) for name in names)


def resident():
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_reading_half_a_table_closes_it(folder):
    path = write(folder, "csv", [{"image": "a", "text": "b"}] * 5)
    rows = read_rows(path)
    next(rows)
    rows.close()
    path.unlink()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("column", ["image", "mask"])
def test_a_replaced_picture_or_mask_is_another_run(folder, suffix, column):
    Image.new("L", (8, 6), 255).save(folder / "mask.png")
    row = {"image": "pictures/a.png", "text": "a", "mask": "mask.png"}
    path = write(folder, suffix, [row, {"image": "gone.png", "text": "b"}])
    listing = source(path).listing()
    assert source(path).listing() == listing
    file = folder / row[column]
    before = file.stat()
    file.write_bytes(file.read_bytes()[::-1])  # as many bytes, another time
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    changed = source(path).listing()
    assert changed != listing
    file.unlink()
    assert source(path).listing() not in (listing, changed)
    assert source(path, limit=1).listing() != source(path).listing()


def test_tables_of_others_reach_nothing_outside(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    Image.new("RGB", (8, 6)).save(outside / "secret.png")
    os.symlink(outside / "secret.png", folder / "pictures" / "link.png")
    names = [
        "pictures/a.png", str(folder / "pictures/b.png"), f"../{outside.name}/secret.png",
        str(outside / "secret.png"), "pictures/link.png",
    ]  # fmt: skip
    rows = [{"image": name, "text": "x"} for name in names]
    rows.append({"image": "pictures/c.png", "text": "x", "mask": str(outside / "secret.png")})
    path = write(folder, "csv", rows)
    config = ManifestConfig(str(path), within=str(folder))
    pairs = list(ManifestSource(config).pairs())
    assert [pair.load_image().size for pair in pairs[:2]] == [(8, 6)] * 2
    for pair in pairs[2:]:
        assert "lies outside of data.within=" in reason(pair)
    free = list(source(path).pairs())  # which is said in the docs
    assert [pair.load_image().size for pair in free] == [(8, 6)] * 6
    with pytest.raises(InputError, match=r"no folder data\.within at"):
        ManifestSource(ManifestConfig(str(path), within=str(folder / "none")))


@pytest.mark.parametrize("name", ["file:///etc/passwd", "ftp://host/a.png", "s3://bucket/a.png"])
def test_no_other_scheme_is_read(folder, name):
    (pair,) = source(write(folder, "csv", [{"image": name, "text": "a"}])).pairs()
    assert f"{name}: only paths, http and https are read" in reason(pair)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_caption_of_200_000_characters_is_counted_with_its_id(folder, suffix):
    usual = csv.field_size_limit()
    short = {"image": "pictures/a.png", "text": "a cat", "id": "short"}
    long = {"image": "pictures/b.png", "text": "cat " * 50_000, "id": "long"}
    path = write(folder, suffix, [short, long, short | {"id": "after"}])
    found = list(ManifestSource(ManifestConfig(str(path))).pairs())
    assert [pair.id for pair in found] == ["short", "long", "after"]
    with pytest.raises(InputError, match="199,999 characters is no caption"):
        load_pair(1, found[1])
    assert load_pair(2, found[2]).pair.text == "a cat"
    assert csv.field_size_limit() == usual
