"""Masks and boxes mark the pixels that they are drawn on."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from vlminterp.data.boxes import boxes_mask
from vlminterp.data.images import read_image
from vlminterp.data.masks import box_of, read_mask, shrunk
from vlminterp.errors import InputError


@pytest.fixture
def marked(tmp_path):
    """A picture, stored lying on its side, whose red rectangle is at [3, 1, 7, 4] when upright."""
    pixels = np.zeros((6, 10, 3), np.uint8)
    pixels[1:4, 3:7] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    path = tmp_path / "marked.png"
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels))).save(path, exif=exif)
    return path


def test_a_box_lies_on_the_upright_picture(marked):
    red = np.asarray(read_image(marked))[..., 0] > 0
    assert np.array_equal(boxes_mask([(3, 1, 7, 4)], marked), red)


def test_a_pixel_is_inside_where_its_centre_is(marked):
    assert np.array_equal(
        boxes_mask([(2.6, 0.6, 7.4, 4.4)], marked), boxes_mask([(3, 1, 7, 4)], marked)
    )


def test_boxes_are_joined_and_cut_off_at_the_edge(marked):
    mask = boxes_mask([(-1, -1, 1, 1), (9, 5, 11, 7)], marked)
    assert mask.sum() == 2
    assert mask[0, 0]
    assert mask[5, 9]


@pytest.mark.parametrize("box", [(10, 0, 12, 3), (0.6, 0, 0.9, 6)])
def test_a_box_without_pixels(marked, box):
    with pytest.raises(InputError, match="holds no pixel of the 10 × 6"):
        boxes_mask([box], marked)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "I", "RGB", "RGBA", "LA"])
def test_every_kind_of_mask(tmp_path, marked, mode):
    inside = np.zeros((6, 10), bool)
    inside[2:5, 1:4] = True
    image = Image.fromarray(inside.astype(np.uint8))
    if mode == "P":
        image = image.copy()
        image.putpalette([0, 0, 0, 0, 0, 0, 255, 255, 255])  # both indices look black
    elif mode in ("I;16", "I"):
        image = Image.fromarray(inside.astype(np.uint16 if mode == "I;16" else np.int32))
    elif mode == "1":
        image = Image.fromarray(inside)
    else:
        image = image.convert(mode)
    path = tmp_path / ("mask.tiff" if mode == "I" else "mask.png")
    image.save(path)
    assert np.array_equal(read_mask(path, marked), inside)


def test_transparent_is_outside(tmp_path, marked):
    pixels = np.full((6, 10, 4), 255, np.uint8)
    pixels[:, 5:, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    assert np.array_equal(read_mask(tmp_path / "mask.png", marked)[0], np.arange(10) < 5)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif", "jp2"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_what_reaches_half_is_inside_where_the_format_changes_values(tmp_path, suffix, mode):
    inside = np.zeros((48, 64), bool)
    inside[13:30, 11:37] = True
    Image.new("RGB", (64, 48)).save(tmp_path / "picture.png")
    colour = inside * np.uint8(255)
    if mode == "RGB":  # a red mask is grey 76 to those who convert it
        colour = np.stack([colour, 0 * colour, 0 * colour], -1)
    path = tmp_path / f"mask.{suffix}"
    lossy = {"quality_mode": "rates", "quality_layers": [8]} if suffix == "jp2" else {"quality": 60}
    Image.fromarray(colour).save(path, **lossy)
    decoded = np.asarray(Image.open(path).convert("RGB")).any(-1)
    if suffix == "jpg":
        assert (decoded != inside).any()  # by value, ringing would be inside
    wrong = read_mask(path, tmp_path / "picture.png") != inside
    if mode == "L":
        assert not wrong.any()
    else:  # colours are stored at half the size
        assert not wrong[~near(inside)].any()


def near(inside):
    """Pixels beside the edge of a mask."""
    ring = np.zeros_like(inside)
    for axis in (0, 1):
        for step in (-1, 1):
            ring |= np.roll(inside, step, axis) != inside
    return ring


def test_a_tiff_may_hold_a_jpeg(tmp_path):
    inside = np.zeros((48, 64), bool)
    inside[13:30, 11:37] = True
    Image.new("RGB", (64, 48)).save(tmp_path / "picture.png")
    path = tmp_path / "mask.tif"
    Image.fromarray(inside * np.uint8(255)).save(path, compression="jpeg", quality=60)
    with Image.open(path) as stored:
        assert (np.asarray(stored).astype(bool) != inside).any()  # by value
    assert np.array_equal(read_mask(path, tmp_path / "picture.png"), inside)


def test_a_jpeg_of_labels_is_told(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "picture.png")
    Image.new("L", (16, 16), 1).save(tmp_path / "mask.jpg")
    with pytest.raises(InputError, match="mask is empty; in a lossy format, values below half"):
        read_mask(tmp_path / "mask.jpg", tmp_path / "picture.png")


@pytest.mark.parametrize("mode", ["CMYK", "RGBX"])
def test_black_is_outside_in_every_colour_space(tmp_path, marked, mode):
    inside = np.zeros((6, 10), bool)
    inside[2:5, 1:4] = True
    colour = np.repeat((inside * np.uint8(255))[..., None], 3, -1)
    if mode == "CMYK":
        black = np.stack([*([np.zeros_like(colour[..., 0])] * 3), 255 - colour[..., 0]], -1)
        Image.fromarray(black, "CMYK").save(tmp_path / "mask.tif")
    else:
        Image.fromarray(colour).save(tmp_path / "mask.tif")
    assert np.array_equal(read_mask(tmp_path / "mask.tif", marked), inside)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_is_turned_as_its_own_exif_says(tmp_path, marked, suffix, orientation):
    inside = np.zeros((6, 10), np.uint8)
    inside[1:4, 3:7] = 255
    stored = {
        1: inside, 2: inside[:, ::-1], 3: inside[::-1, ::-1], 4: inside[::-1], 5: inside.T,
        6: np.rot90(inside, 1), 7: inside[::-1, ::-1].T, 8: np.rot90(inside, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"mask.{suffix}"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)), inside)  # Pillow's view
    assert np.array_equal(read_mask(path, marked), inside > 0)


def test_a_mask_that_lies_as_its_picture_is_stored_is_told(tmp_path, marked):
    Image.new("L", (6, 10), 255).save(tmp_path / "lying.png")
    with pytest.raises(InputError, match="draw it on the picture as viewers show it"):
        read_mask(tmp_path / "lying.png", marked)


def test_a_mask_in_bands_is_that_of_the_whole(tmp_path, marked, monkeypatch):
    values = np.random.default_rng(0).integers(0, 2, (6, 10), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "mask.png")
    monkeypatch.setattr("vlminterp.data.rgb._BAND", 10)
    assert np.array_equal(read_mask(tmp_path / "mask.png", marked), values > 0)


def test_a_mask_of_another_size_and_an_empty_one(tmp_path, marked):
    Image.new("L", (6, 10), 255).save(tmp_path / "turned.png")
    Image.new("L", (10, 6), 0).save(tmp_path / "empty.png")
    with pytest.raises(InputError, match="the mask is 6 × 10, its picture 10 × 6 pixels"):
        read_mask(tmp_path / "turned.png", marked)
    with pytest.raises(InputError, match=r"empty\.png: the mask is empty"):
        read_mask(tmp_path / "empty.png", marked)
    with pytest.raises(InputError, match="no such file"):
        read_mask(tmp_path / "none.png", marked)


def test_the_box_of_a_mask_is_that_which_drew_it(marked):
    assert box_of(boxes_mask([(3, 1, 7, 4)], marked)) == (3, 1, 7, 4)
    assert box_of(boxes_mask([(0, 5, 1, 6), (9, 0, 10, 1)], marked)) == (0, 0, 10, 6)
    with pytest.raises(InputError, match="empty mask has no box"):
        box_of(np.zeros((3, 4), dtype=bool))


def test_a_shrunk_mask_keeps_what_half_of_is_inside():
    mask = np.zeros((600, 900), bool)
    mask[100:301, 240:480] = True
    small = shrunk(mask, (90, 60))
    assert small.shape == (60, 90)
    expected = np.zeros((60, 90), bool)
    expected[10:30, 24:48] = True  # a tenth of row 30
    assert np.array_equal(small, expected)
    assert shrunk(mask, (900, 600)) is mask


@pytest.mark.parametrize("place", [(0, 0), (599, 899), (333, 41)])
def test_a_speck_does_not_vanish(place):
    mask = np.zeros((600, 900), bool)
    mask[place] = True
    small = shrunk(mask, (64, 43))
    assert np.argwhere(small).tolist() == [[place[0] * 43 // 600, place[1] * 64 // 900]]
