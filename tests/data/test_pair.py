"""One pair, from the command line or from Python."""

import pytest
from PIL import Image

from vlminterp.data.pair import PairConfig, PairSource
from vlminterp.data.pairs import pair_of
from vlminterp.errors import ConfigError, InputError


def test_one_pair(tmp_path):
    path = tmp_path / "cat.png"
    Image.new("RGB", (4, 3)).save(path)
    source = PairSource(PairConfig(str(path), " a cat "))
    (pair,) = source.pairs()
    assert (pair.id, pair.text, pair.load_image().size) == ("cat.png", "a cat", (4, 3))
    assert list(source.files()) == [path]
    assert source.listing() == ""
    assert source.count() == 1


def test_what_is_missing_is_said_at_once(tmp_path):
    with pytest.raises(InputError, match="no picture at"):
        PairSource(PairConfig(str(tmp_path / "none.png"), "a cat"))
    with pytest.raises(ConfigError, match=r"data\.text is empty"):
        PairConfig("cat.png", " ")
    with pytest.raises(ConfigError, match=r"data\.image is empty"):
        PairConfig("", "a cat")


def test_library_pairs(tmp_path):
    image = Image.new("RGBA", (4, 3), (0, 0, 0, 0))
    image.save(tmp_path / "cat.png")
    for given in (image, tmp_path / "cat.png", str(tmp_path / "cat.png")):
        assert pair_of(given, "a cat").load_image().getpixel((0, 0)) == (255, 255, 255)
    assert image.mode == "RGBA"
    assert pair_of(image, "a cat").id == "image"
    with pytest.raises(InputError, match="the caption is empty"):
        pair_of(image, "\n")


def test_a_lazy_image_that_turns_out_broken(tmp_path):
    Image.effect_noise((64, 64), 50).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[:200])
    with Image.open(tmp_path / "a.png") as image, pytest.raises(InputError, match="truncated"):
        pair_of(image, "a").load_image()
