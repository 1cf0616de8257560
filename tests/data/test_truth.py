"""No truth of a table is dropped or misread in silence."""

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pycocotools import mask as coco

from vlminterp.data.boxes import BoxFormat
from vlminterp.data.manifest import ManifestConfig, ManifestSource
from vlminterp.errors import ConfigError, InputError

WIDTH, HEIGHT = 20, 10
BOX = (4, 2, 14, 7)  # left, top, right, bottom
INSIDE = np.zeros((HEIGHT, WIDTH), bool)
INSIDE[2:7, 4:14] = True


@pytest.fixture
def table(tmp_path):
    """Writes rows, each about the same picture, and gives their pairs."""
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "a.png")

    def write(rows, suffix="jsonl", **options):
        path = tmp_path / f"pairs.{suffix}"
        rows = [{"image": "a.png", "text": "a cat", **row} for row in rows]
        if suffix == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), path)
        elif suffix == "jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0], delimiter="," if suffix == "csv" else "\t")
                writer.writeheader()
                plain = lambda cell: cell if isinstance(cell, str) else json.dumps(cell)  # noqa: E731
                writer.writerows({key: plain(cell) for key, cell in row.items()} for row in rows)
        return ManifestSource(ManifestConfig(str(path), **options))

    return write


def masks(source):
    return [pair.load_mask and pair.load_mask() for pair in source.pairs()]


def reason(source):
    (pair,) = source.pairs()
    with pytest.raises(InputError) as raised:
        pair.load_image()
    assert "\n" not in str(raised.value)
    return str(raised.value)


LEFT, TOP, RIGHT, BOTTOM = BOX
FORMS = {
    BoxFormat.xyxy: list(BOX),
    BoxFormat.xywh: [LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP],
    BoxFormat.normalised: [LEFT / WIDTH, TOP / HEIGHT, RIGHT / WIDTH, BOTTOM / HEIGHT],
}


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet"])
@pytest.mark.parametrize("form", BoxFormat)
@pytest.mark.parametrize("column", ["boxes", "bbox"])
def test_boxes_are_read_as_is_said(table, suffix, form, column):
    rows = [{column: [FORMS[form]]}]
    (mask,) = masks(table(rows, suffix, boxes=form))
    assert np.array_equal(mask, INSIDE)


@pytest.mark.parametrize("form", BoxFormat)
def test_a_bbox_may_be_a_single_box(table, form):
    (mask,) = masks(table([{"bbox": FORMS[form]}], boxes=form))
    assert np.array_equal(mask, INSIDE)


def test_a_bbox_whose_format_is_not_said_is_refused(table):
    with pytest.raises(ConfigError, match=r"column bbox .* data\.boxes=xywh \(COCO's\), xyxy or"):
        table([{"bbox": FORMS[BoxFormat.xywh]}])
    late = table([{}, {"bbox": FORMS[BoxFormat.xywh]}])
    first, second = late.pairs()
    first.load_image()
    with pytest.raises(InputError, match=r"line 2: column bbox .* data\.boxes=xywh"):
        second.load_image()


@pytest.mark.parametrize("form", [None, BoxFormat.xyxy, BoxFormat.xywh])
def test_shares_are_not_taken_for_pixels(table, form):
    rows = [{"boxes": [FORMS[BoxFormat.normalised]]}]
    assert "lie within [0, 1]: shares of the picture? say data.boxes=normalised" in reason(
        table(rows, boxes=form)
    )


def test_whole_pixels_in_the_corner(table):
    rows = [{"boxes": [[0, 0, 1, 1]]}]
    assert "say data.boxes=normalised, or xyxy if they are whole pixels" in reason(table(rows))
    for form, pixels in ((BoxFormat.xyxy, 1), (BoxFormat.xywh, 1), (BoxFormat.normalised, 200)):
        (mask,) = masks(table(rows, boxes=form))
        assert mask.sum() == pixels


@pytest.mark.parametrize(
    ("form", "box", "words"),
    [
        (BoxFormat.normalised, FORMS[BoxFormat.xyxy], "is not within [0, 1], but data.boxes="),
        (BoxFormat.xyxy, [14, 7, 4, 2], "must be [left, top, right, bottom], unless data.boxes"),
        (BoxFormat.xywh, [14, 7, 0, 2], "must be [left, top, width, height]"),
        (BoxFormat.xywh, [14, 7, -4, 2], "must be [left, top, width, height]"),
    ],
)
def test_a_box_of_another_format_is_told(table, form, box, words):
    assert words in reason(table([{"boxes": [box]}], boxes=form))


@pytest.mark.parametrize(
    ("form", "box"),
    [
        (BoxFormat.xywh, [14, 2, 18, 7]),  # xyxy
        (BoxFormat.xywh, [4, 6, 5, 9]),
        (None, [8, 4, 28, 14]),  # of the picture at twice its size
        (BoxFormat.xyxy, [-8, 2, 14, 7]),
    ],
)
def test_a_box_that_reaches_far_beyond_the_picture_is_told(table, form, box):
    (pair,) = table([{"boxes": [box]}], boxes=form).pairs()
    with pytest.raises(InputError, match="reaches far beyond the 20 × 10 pixels: was the"):
        pair.load_mask()


def test_shares_may_be_rounded(table):
    (mask,) = masks(table([{"boxes": [[-0.001, 0, 1.0004, 1]]}], boxes=BoxFormat.normalised))
    assert mask.all()


def test_how_boxes_are_taken_is_said(table):
    box = [{"boxes": [list(BOX)], "score": 1, "box": 2}]
    taken = "boxes are taken as left, top, right, bottom in pixels; data.boxes=xywh or normalised"
    notes = table(box).notes()
    assert notes[0].startswith(taken)
    assert notes[1] == "columns not read: score, box"
    assert table(box, boxes=BoxFormat.xyxy).notes() == notes[1:]
    assert table([{}]).notes() == []


RUNS = coco.encode(np.asfortranarray(INSIDE.astype(np.uint8)))
COMPRESSED = {"size": [HEIGHT, WIDTH], "counts": RUNS["counts"].decode()}
FLAT = INSIDE.ravel(order="F")
LENGTHS = np.diff([0, *(np.flatnonzero(np.diff(FLAT)) + 1), FLAT.size]).tolist()
SEGMENTATIONS = {
    "compressed": COMPRESSED,
    "uncompressed": {"size": [HEIGHT, WIDTH], "counts": LENGTHS},
    "polygon": [[LEFT, TOP, RIGHT, TOP, RIGHT, BOTTOM, LEFT, BOTTOM]],
}


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet"])
@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_segmentations(table, suffix, kind):
    (mask,) = masks(table([{"segmentation": SEGMENTATIONS[kind]}], suffix))
    assert np.array_equal(mask, INSIDE)


def test_run_lengths_as_bytes_and_as_a_mask(table):
    as_bytes = [{"segmentation": {"size": [HEIGHT, WIDTH], "counts": RUNS["counts"]}}]
    assert np.array_equal(masks(table(as_bytes, "parquet"))[0], INSIDE)
    for suffix in ("csv", "jsonl"):
        assert np.array_equal(masks(table([{"mask": COMPRESSED}], suffix))[0], INSIDE)


def test_the_first_truth_of_a_row_counts(table):
    whole = {"boxes": [[0, 0, WIDTH, HEIGHT]]}
    rows = [
        {**whole, "segmentation": COMPRESSED, "bbox": [0, 0, 2, 2]},
        {**whole, "segmentation": [], "bbox": [0, 0, 2, 2]},
        {"boxes": [], "segmentation": None, "bbox": [0, 0, 2, 2]},
        {"boxes": [], "mask": ""},
        {},
    ]
    found = masks(table(rows, boxes=BoxFormat.xyxy))
    assert [mask if mask is None else int(mask.sum()) for mask in found] == [50, 200, 4, None, None]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"segmentation": {"size": [3, 3], "counts": [0, 9]}}, "3 × 3, its picture 20 × 10"),
        ({"segmentation": "not json"}, "segmentation are not JSON"),
        ({"segmentation": [[1, 2]]}, "a polygon of the segmentation"),
        ({"mask": {"rle": "x"}}, "a picture must be a path, not dict"),
        ({"mask": "{broken"}, "mask are not JSON"),
        ({"mask": [1, 2]}, "a picture must be a path, not list"),
        ({"mask": "none.png"}, "no such file"),
    ],
)
def test_truth_that_can_not_be_read_is_told(table, row, words):
    (pair,) = table([row]).pairs()
    message = ""
    try:
        pair.load_image()
        pair.load_mask()
    except InputError as error:
        message = str(error)
    assert words in message
    assert "\n" not in message
