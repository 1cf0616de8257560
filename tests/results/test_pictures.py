import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vlminterp.results import RunFolder
from vlminterp.results.pictures import file_name, to_png


@given(st.text())
def test_every_name_becomes_one_that_any_file_system_takes(name):
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,79}", file_name(name))
    assert file_name(name) == file_name(name)


@given(st.text(), st.text())
def test_different_names_stay_different_also_where_case_does_not_count(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


def test_names_that_differ_in_case_alone_differ_where_case_does_not_count():
    assert file_name("Cat").lower() == file_name("Cat") != file_name("cat")
    assert file_name("Cat").startswith("cat-")


@pytest.mark.parametrize("name", ["a/b", "a\\b", "A-b", "a b", "../a", "", "ж", "x" * 500, "a.b"])
def test_hashed_names_are_not_taken_by_names_that_look_hashed(name):
    hashed = file_name(name)
    assert file_name(hashed) != hashed


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "LA"])
def test_every_mode_can_be_saved(tmp_path, mode):
    with RunFolder.open(tmp_path, {}) as results:
        path = results.save_picture("a/b", Image.new(mode, (3, 2)))
    assert path.startswith("pictures/")
    with Image.open(tmp_path / path) as read:
        assert read.size == (3, 2)


def test_pixels_survive_and_metadata_does_not(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (5, 7, 3), np.uint8)
    image = Image.fromarray(pixels)
    plain = to_png(image)
    image.info = {"dpi": (72, 72), "icc_profile": b"x" * 100, "Author": "me"}
    assert to_png(image) == plain
    (tmp_path / "a.png").write_bytes(plain)
    with Image.open(tmp_path / "a.png") as read:
        assert (np.asarray(read) == pixels).all()
