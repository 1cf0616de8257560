"""COCO's run lengths and polygons; pycocotools is the judge of what they mark."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pycocotools import mask as coco

from vlminterp.data.segmentations import decode_runs, segmentation_mask, uncompressed
from vlminterp.errors import InputError
from vlminterp.export.coco import run_lengths


def picture(height, width, orientation=1):
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height)).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools

masks = st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(lambda s: arrays(bool, s))


@settings(max_examples=200, deadline=None)
@given(masks)
def test_run_lengths_are_decoded_as_pycocotools_does(mask):
    encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    size = (encoded["size"][0], encoded["size"][1])
    counts = uncompressed(encoded["counts"])
    assert np.array_equal(decode_runs(counts, size), mask)
    assert uncompressed(encoded["counts"].decode()) == counts
    assert np.array_equal(decode_runs(run_lengths(mask)["counts"], size), mask)  # our own export


def test_long_runs():
    mask = np.zeros((3000, 2000), bool)
    mask[2999, 1999] = mask[0, 1000] = True
    counts = uncompressed(coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"])
    assert np.array_equal(decode_runs(counts, mask.shape), mask)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 9))
def test_polygons_differ_from_pycocotools_along_their_edges_only(seed, corners):
    rng = np.random.default_rng(seed)
    height, width = (int(side) for side in rng.integers(20, 80, 2))
    points = rng.uniform(-1, (width + 1, height + 1), (corners, 2))
    value = [points.ravel().tolist()]
    theirs = coco.decode(coco.merge(coco.frPyObjects(value, height, width))).astype(bool)
    try:
        ours = segmentation_mask(value, picture(height, width))
    except InputError:  # no pixel's centre inside
        ours = np.zeros_like(theirs)
    y, x = np.nonzero(ours != theirs)
    if len(x):
        assert distances(np.stack([x, y], 1) + 0.5, points).max() <= 1.5


def distances(at, corners):
    """From each place to the nearest edge of a polygon."""
    starts, ends = corners, np.roll(corners, -1, axis=0)
    along = ends - starts
    share = ((at[:, None] - starts) * along).sum(-1) / np.maximum((along**2).sum(-1), 1e-9)
    nearest = starts + share.clip(0, 1)[..., None] * along
    return np.linalg.norm(at[:, None] - nearest, axis=-1).min(1)


def test_polygons_are_joined():
    squares = [[0, 0, 2, 0, 2, 2, 0, 2], [1, 1, 4, 1, 4, 3, 1, 3]]
    mask = segmentation_mask(squares, picture(4, 5))
    expected = np.zeros((4, 5), bool)
    expected[:2, :2] = expected[1:3, 1:4] = True
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("corner", [(9, 2), (4, 7), (-3, 1), (1, -3)])
def test_a_polygon_of_the_picture_at_another_size_is_told(corner):
    with pytest.raises(InputError, match="reaches far beyond the 5 × 4 pixels"):
        segmentation_mask([[0, 0, 4, 0, *corner]], picture(4, 5))


def test_it_lies_on_the_upright_picture():
    runs = {"size": [2, 3], "counts": [0, 1, 5]}
    mask = segmentation_mask(runs, picture(3, 2, orientation=6))
    assert np.argwhere(mask).tolist() == [[0, 0]]
    with pytest.raises(InputError, match=r"segmentation is 3 × 2, its picture 2 × 3.*its EXIF"):
        segmentation_mask(runs, picture(3, 2))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"size": [2, 2], "counts": [1, 2]}, "don't add up to 2 × 2"),
        ({"size": [2, 2], "counts": [1, -2, 5]}, "don't add up"),
        ({"size": [2, 2], "counts": [4]}, "marks no pixel"),
        ({"size": [2, 2], "counts": "0"}, "don't add up"),
        ({"size": [2, 2], "counts": "A\x1f"}, "damaged"),
        ({"size": [2, 2], "counts": "o" * 99}, "damaged"),
        ({"size": [2, 2], "counts": "o"}, "cut off"),
        ({"size": [2, 2], "counts": "é"}, "damaged"),
        ({"size": [2, 2], "counts": {}}, "no run lengths"),
        ({"size": [2, 2], "counts": [1.5]}, "no run lengths"),
        ({"size": [2, 2]}, "no run lengths"),
        ({"size": [2], "counts": [4]}, r"is not \[height, width\]"),
        ({"size": [0, 2], "counts": []}, r"is not \[height, width\]"),
        ({"counts": [4]}, r"is not \[height, width\]"),
        ({"size": [2, 2], "counts": [2**50]}, "no run lengths"),
        ([], "run lengths or a list of polygons"),
        ("x", "run lengths or a list of polygons"),
        ([[1, 2, 3, 4]], r"no list \[x, y"),
        ([[1, 2, 3, 4, 5, 6, 7]], r"no list \[x, y"),
        ([[1, 2, 3, 4, 5, float("nan")]], r"no list \[x, y"),
        ([[1, 2, 3, 4, 5, 1e300]], r"no list \[x, y"),
        ([1, 2, 3, 4, 5, 6], r"no list \[x, y"),
        ([[0, 0, 2, 0, 1, 0]], "marks no pixel"),
    ],
)
def test_what_is_malformed_is_told(value, message):
    with pytest.raises(InputError, match=message) as raised:
        segmentation_mask(value, picture(2, 2))
    assert "\n" not in str(raised.value)
