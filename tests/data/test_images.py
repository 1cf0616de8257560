"""Pictures of every kind come out as upright RGB, or as one line that says why not."""

import gc
import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vlminterp.data.images import PIXEL_LIMIT, image_size, original_size, read_image
from vlminterp.data.picture_formats import readable_formats
from vlminterp.errors import InputError

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


def turned(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels as a camera stores them that was held so."""
    return {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]


@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}], ids=["raw", "libtiff"])
@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once(tmp_path, orientation, mode, options):
    upright = np.random.default_rng(0).integers(0, 256, (16, 32, 3), dtype=np.uint8)
    if mode != "RGB":
        upright = upright[..., 0] if mode == "L" else upright[..., 0].astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turned(upright, orientation)))
    path = saved(tmp_path, stored, "a.tiff", exif=exif, **options)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(image)), upright)  # Pillow's view
    if mode != "RGB":
        upright = np.repeat((upright // (257 if mode == "I;16" else 1))[..., None], 3, axis=-1)
    assert np.array_equal(np.asarray(read_image(path)), upright)
    assert image_size(path) == (16, 32)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        image.load()
        assert image_size(image) == (16, 32)
        assert np.array_equal(np.asarray(read_image(image)), upright)


@pytest.mark.parametrize("suffix", ["jpg", "jfif", "webp", "avif", "png", "heic", "jxl"])
@pytest.mark.parametrize("orientation", [3, 6])
def test_every_format_that_knows_exif_is_upright_as_pillow_has_it(tmp_path, suffix, orientation):
    readable_formats()
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.zeros((32, 64, 3), np.uint8)
    upright[:16, :16] = RED
    stored = Image.fromarray(np.ascontiguousarray(turned(upright, orientation)))
    path = saved(tmp_path, stored, f"a.{suffix}", exif=exif.tobytes())
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(np.asarray(read_image(path)), expected)
    assert image_size(path) == expected.shape[:2] == (32, 64)
    assert np.abs(expected.astype(int) - upright).mean() < 4


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_exif_that_pillow_can_not_write_again_still_turns(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    where = exif.tobytes().index(b"\x88\x25\x00\x04\x00\x00\x00\x01")
    # The place (GPS) is said to be where it is not.
    broken = exif.tobytes()[: where + 8] + b"\0\0\0\2" + exif.tobytes()[where + 12 :]
    path = saved(tmp_path, Image.new("RGB", (8, 4)), "a.jpg", exif=broken)
    if int(PIL.__version__.partition(".")[0]) >= 13:  # earlier ones leave the place out
        with Image.open(path) as image, pytest.raises(TypeError):
            ImageOps.exif_transpose(image)
    assert read_image(path).size == (4, 8)


@pytest.mark.parametrize(
    ("values", "suffix"),
    [
        (np.full((4, 4), 3071, np.uint16), "png"),
        (np.full((4, 4), 4095, np.uint16), "tiff"),
        (np.full((4, 4), 1023, np.int32), "tiff"),
    ],
)
def test_twelve_bits_in_sixteen_are_told_not_black(tmp_path, values, suffix):
    message = complaint(saved(tmp_path, Image.fromarray(values), f"a.{suffix}"))
    assert f"brightest pixel is {values.max()} of 65535" in message
    assert "stretch" in message
    stretched = saved(tmp_path, Image.fromarray((values * 16).astype(np.uint16)), "b.png")
    assert colours(stretched)


def test_few_bits_in_thirty_two_are_told_not_black(tmp_path):
    values = np.array([[0, 2**18]], np.int32)
    assert "brightest pixel is 262144 of 2147483647" in complaint(
        saved(tmp_path, Image.fromarray(values), "a.tiff")
    )
    stretched = saved(tmp_path, Image.fromarray(values * 2**12), "b.tiff")
    assert colours(stretched) == [(0, 0, 0), (128, 128, 128)]


def test_twelve_bits_in_sixteen_bit_colours_are_told(tmp_path):
    def png(values):
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)

    (tmp_path / "a.png").write_bytes(png(np.full((2, 2, 3), 4095)))
    (tmp_path / "b.png").write_bytes(png(np.full((2, 2, 3), 65535)))
    assert "12-bit data in 16 bits" in complaint(tmp_path / "a.png")
    assert colours(tmp_path / "b.png") == [WHITE] * 4


def test_a_black_picture_is_black(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.zeros((2, 2), np.uint16)), "a.png")
    assert set(colours(path)) == {(0, 0, 0)}


def test_no_format_that_starts_a_program_is_opened(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("RGB", (4, 4)), "a.eps")
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", pytest.fail)
    assert "not a picture of a known format" in complaint(path)
    assert "not a picture of a known format" in complaint(path.rename(tmp_path / "a.png"))


def test_every_picture_is_opened_with_a_list_of_formats():
    root = Path(__file__).parents[2]
    opened = [
        f"{file.relative_to(root)}: {line.strip()}"
        for folder in ("vlminterp", "plugins")
        for file in (root / folder).rglob("*.py")
        for line in file.read_text().splitlines()
        if "Image.open(" in line and "formats=" not in line
    ]
    assert not opened


def test_a_format_that_needs_a_package_names_it(tmp_path, monkeypatch):
    monkeypatch.setattr("vlminterp.data.images.readable_formats", lambda: ("PNG",))
    path = saved(tmp_path, Image.new("RGB", (4, 4)), "a.JXL")
    assert "no installed package reads .jxl; pip install 'vlminterp[pictures]'" in complaint(path)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_bands_and_reduction_are_those_of_the_whole_picture(
    tmp_path, monkeypatch, mode, orientation
):
    values = np.random.default_rng(0).integers(0, 256, (67, 50, 4), dtype=np.uint8)
    image = Image.fromarray(values)
    if mode == "I;16":
        image = Image.fromarray(values[..., 0].astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, image, "a.png", exif=exif)
    whole = read_image(path)
    monkeypatch.setattr("vlminterp.data.rgb._BAND", 50 * 7)
    assert np.array_equal(np.asarray(read_image(path)), np.asarray(whole))
    monkeypatch.setattr("vlminterp.data.images.REDUCED_ABOVE", 50 * 67 // 8)
    reduced = read_image(path)
    turn_back = {1: None, 6: Image.Transpose.ROTATE_90}[orientation]
    stored = whole if turn_back is None else whole.transpose(turn_back)
    expected = stored.reduce(3)
    expected = expected if turn_back is None else expected.transpose(Image.Transpose.ROTATE_270)
    assert np.array_equal(np.asarray(reduced), np.asarray(expected))
    assert original_size(reduced) == (whole.height, whole.width) == image_size(path)
    assert original_size(whole) == (whole.height, whole.width)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["1", "L"])
def test_a_small_file_of_a_huge_picture_takes_less_than_a_gigabyte(tmp_path, kind):
    path = saved(tmp_path, Image.new(kind, (13_000, 13_000)), "a.png", compress_level=1)
    code = (
        "import re, sys; from pathlib import Path; from vlminterp.data.images import read_image\n"
        "memory = lambda key: int(re.search(key + r':\\s+(\\d+)', Path('/proc/self/status')"
        ".read_text())[1])\n"
        "read_image(Path(sys.argv[1]).with_name('small.png')); before = memory('VmRSS')\n"
        "read_image(Path(sys.argv[1])); print(memory('VmHWM') - before)"
    )
    saved(tmp_path, Image.new("RGB", (9, 9)), "small.png")
    output = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert int(output.stdout) * 1024 < 10**9


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_reducing_moves_no_pixel_of_the_models_input_by_more_than_two_levels(
    tmp_path, monkeypatch, kind
):
    x, y = np.meshgrid(np.linspace(0, 40, 1500), np.linspace(0, 30, 1000))
    smooth = np.stack([np.sin(x), np.cos(y), np.sin(x * y / 9)], -1) * 90 + 128
    noisy = smooth + np.random.default_rng(0).normal(0, 20, smooth.shape)
    path = saved(tmp_path, Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), f"a.{kind}")
    whole = np.asarray(read_image(path).resize((224, 149), Image.Resampling.BICUBIC), int)
    monkeypatch.setattr("vlminterp.data.images.REDUCED_ABOVE", 1500 * 1000 // 4)
    reduced = np.asarray(read_image(path).resize((224, 149), Image.Resampling.BICUBIC), int)
    assert np.abs(whole - reduced).max() <= 6
    assert np.abs(whole - reduced).mean() < 1
