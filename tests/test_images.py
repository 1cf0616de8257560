"""Pictures of every kind come out as upright RGB, or as one line that says why not."""

import gc
import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vlminterp.errors import InputError
from vlminterp.images import PIXEL_LIMIT, image_size, read_image

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def saved(folder: Path, image: Image.Image, name: str, **options) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def colours(path: Path) -> list[tuple[int, ...]]:
    image = read_image(path)
    assert image.mode == "RGB"
    return [tuple(pixel) for pixel in np.asarray(image).reshape(-1, 3).tolist()]


def complaint(path: Path | bytes) -> str:
    with pytest.raises(InputError) as raised:
        read_image(path)
    message = str(raised.value)
    assert "\n" not in message
    if isinstance(path, Path):
        assert str(path) in message
    return message


def test_rgb_pixels_are_untouched(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    read = read_image(saved(tmp_path, Image.fromarray(pixels), "a.png"))
    assert np.array_equal(np.asarray(read), pixels)


def test_cmyk_jpeg_keeps_its_colour(tmp_path):
    image = Image.new("RGB", (16, 16), RED).convert("CMYK")
    red, green, blue = colours(saved(tmp_path, image, "a.jpg"))[0]
    assert red > 240
    assert green < 15
    assert blue < 15


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 255))
    if mode == "PA":
        assert np.asarray(read_image(image.convert("P").convert("PA"))).shape == (1, 2, 3)
    else:
        path = saved(tmp_path, image.convert(mode), "a.png")
        assert colours(path) == [WHITE, (0, 0, 0)]


def test_half_transparent_is_mixed_with_white(tmp_path):
    path = saved(tmp_path, Image.new("RGBA", (1, 1), (255, 0, 0, 51)), "a.png")
    assert colours(path) == [(255, 204, 204)]


def test_transparent_palette_entry_is_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    assert colours(saved(tmp_path, image, "a.png")) == [RED, GREEN]
    assert colours(saved(tmp_path, image, "b.png", transparency=0)) == [WHITE, GREEN]
    assert colours(saved(tmp_path, image, "c.gif", transparency=1)) == [RED, WHITE]


@pytest.mark.parametrize("bits", [b"\x00\xff", b"\xff\x40"])
def test_palette_with_a_byte_of_transparency_for_each_entry(tmp_path, bits):
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    expected = [
        tuple(255 + round((channel - 255) * alpha / 255) for channel in colour)
        for colour, alpha in zip((RED, GREEN), bits, strict=True)
    ]
    assert colours(saved(tmp_path, image, "a.png", transparency=bits)) == expected


def test_one_bit(tmp_path):
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    assert colours(saved(tmp_path, image, "a.png")) == [(0, 0, 0), WHITE]


@pytest.mark.parametrize("suffix", ["png", "tiff", "pgm"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    values = np.array([[0, 257, 32768, 65535]], dtype=np.uint16)
    path = saved(tmp_path, Image.fromarray(values), f"a.{suffix}")
    assert [colour[0] for colour in colours(path)] == [0, 1, 128, 255]


def test_big_endian_sixteen_bit(tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 2 1 65535\n" + struct.pack(">HH", 65535, 257))
    assert [colour[0] for colour in colours(path)] == [255, 1]


def test_thirty_two_bit_grey_is_scaled_by_its_range(tmp_path):
    values = np.array([[0, 2**30, 2**31 - 1]], dtype=np.int32)
    path = saved(tmp_path, Image.fromarray(values), "a.tiff")
    assert [colour[0] for colour in colours(path)] == [0, 128, 255]


def test_floating_point_is_refused(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.ones((2, 2), np.float32)), "a.tiff")
    assert "floating-point" in complaint(path)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tiff"])
def test_the_first_frame_of_an_animation(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN)]
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(
        tmp_path, frames[0], f"a.{suffix}", save_all=True, append_images=frames[1:], **options
    )
    assert set(colours(path)) == {RED}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path, orientation):
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :8] = RED  # a marked corner, on whole JPEG blocks
    upright[8:, 16:] = GREEN
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    path = saved(tmp_path, image, "a.png", exif=exif)
    assert np.array_equal(np.asarray(read_image(path)), upright)
    assert image_size(path) == (16, 32)


def test_broken_exif_is_no_obstacle(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8), RED).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert read_image(path).size == (8, 8)


def test_each_fault_has_its_line(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = saved(tmp_path, Image.fromarray(noise), "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture\n" * 9)
    os.mkfifo(tmp_path / "pipe.png")
    assert "truncated" in complaint(tmp_path / "cut.jpg")
    assert "empty (0 bytes)" in complaint(tmp_path / "empty.png")
    assert "not a picture" in complaint(tmp_path / "text.png")
    assert "regular file" in complaint(tmp_path / "pipe.png")
    assert "no such file" in complaint(tmp_path / "none.png")
    assert "folder" in complaint(tmp_path)
    assert "can't be opened" in complaint(tmp_path / ("x" * 300))
    assert "empty (0 bytes)" in complaint(b"")

    def deny(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", deny)  # tests may run as root
    assert "permission" in complaint(tmp_path / "whole.jpg")


def test_a_name_that_is_no_utf8_can_be_printed(tmp_path):
    with pytest.raises(InputError) as raised:
        read_image(tmp_path / "caf\udce9.jpg")
    str(raised.value).encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [13_400, 50_000, 2**31 - 1])
def test_a_huge_header_is_refused_before_decoding(tmp_path, side):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b""))
    assert str(PIXEL_LIMIT // 10**6) in complaint(path)


def test_the_limit_holds_where_pillows_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    test_a_huge_header_is_refused_before_decoding(tmp_path, 13_400)


def test_a_large_picture_reads_without_a_warning(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (40, 40)), "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # 1600 is in Pillow's range of warnings
    assert read_image(path).size == (40, 40)


def test_no_file_stays_open(tmp_path):
    good = saved(tmp_path, Image.new("RGB", (8, 8)), "a.png")
    cut = tmp_path / "cut.png"
    cut.write_bytes(good.read_bytes()[:40])
    before = len(os.listdir("/proc/self/fd"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kept = [read_image(good), image_size(good)]
        complaint(cut)
        assert len(os.listdir("/proc/self/fd")) == before
        gc.collect()
    assert kept
    assert not caught


def encoded(suffix: str) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, suffix)
    return buffer.getvalue()


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]).map(encoded),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_whatever_the_bytes_a_picture_or_one_line(data, changes, cut):
    broken = bytearray(data[: 1 + round(cut * (len(data) - 1))])
    for place, value in changes:
        broken[int(place * len(broken))] = value
    try:
        outcome = read_image(bytes(broken)).mode
    except InputError as error:
        outcome = str(error)
    assert outcome == "RGB" or (outcome.startswith("picture: ") and "\n" not in outcome)
