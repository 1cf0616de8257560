import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from vlminterp.drawing.overlay import (
    STOPS,
    colour_bar,
    colours,
    opacity,
    overlay,
    shared_top,
    ticks,
)


def grey(value=100, size=(4, 3)):
    return Image.new("RGB", size, (value, value, value))


def luminance(rgb):
    return np.asarray(rgb, float) @ [0.2126, 0.7152, 0.0722]


def test_colours_are_matplotlibs_inferno_less_its_black_end():
    ours = colours(np.linspace(0, 1, len(STOPS), dtype=np.float32))
    theirs = 255 * colormaps["inferno"](np.arange(45, 256, 15))[:, :3]
    np.testing.assert_allclose(ours, theirs, atol=1)


def test_colours_and_opacity_only_ever_rise():
    share = np.linspace(0, 1, 200, dtype=np.float32)
    assert (np.diff(luminance(colours(share))) > -0.2).all()
    assert (np.diff(opacity(share)) > 0).all()
    assert opacity(share)[0] == 0
    assert opacity(share)[-1] < 0.9


def test_zero_leaves_the_picture_and_top_covers_it():
    heat = np.zeros((3, 4), np.float32)
    heat[1, 2] = 2.0
    drawn = np.asarray(overlay(grey(), heat, top=2.0))
    assert (drawn[0] == 100).all()
    expected = 0.18 * 100 + 0.82 * np.array([0xFC, 0xFF, 0xA4])
    np.testing.assert_allclose(drawn[1, 2], expected, atol=1)


def test_scores_beyond_the_scale_take_its_end_colours():
    heat = np.array([[-5.0, 0.0, 1.0, 9.0]] * 3, np.float32)
    drawn = np.asarray(overlay(grey(), heat, top=1.0))
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 2] == drawn[:, 3]).all()


def test_unseen_is_greyed_and_has_no_colour():
    heat = np.full((3, 4), np.nan, np.float32)
    drawn = np.asarray(overlay(Image.new("RGB", (4, 3), "red"), heat, top=1.0))
    assert (drawn.std(axis=-1) == 0).all()
    assert not np.array_equal(
        drawn, overlay(Image.new("RGB", (4, 3), "red"), np.zeros((3, 4)), 1.0)
    )


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_any_mode(mode):
    assert overlay(Image.new(mode, (4, 3)), np.ones((3, 4), np.float32), 1.0).mode == "RGB"


def test_all_zero_scale_divides_by_nothing():
    drawn = np.asarray(overlay(grey(), np.zeros((3, 4), np.float32), top=0.0))
    assert (drawn == 100).all()


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"heat \(4, 3\) is not \[3, 4\]"):
        overlay(grey(), np.zeros((4, 3), np.float32), top=1.0)


def test_colour_bar_is_the_overlay_of_a_ramp():
    bar = np.asarray(colour_bar(64, 8))
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32), (4, 64))
    np.testing.assert_allclose(bar[:4], overlay(grey(50, (64, 4)), ramp, 1.0), atol=1)
    np.testing.assert_allclose(bar[4:], overlay(grey(225, (64, 4)), ramp, 1.0), atol=1)


def test_one_outlier_does_not_set_the_scale_of_many():
    assert shared_top([1.0] * 99 + [50.0]) == 1.0
    assert shared_top([1.0, 3.0, 2.0]) == 3.0
    assert shared_top([0.0, float("nan")]) == 1.0


@pytest.mark.parametrize("top", [1e-6, 0.0123, 0.2, 1.0, 7.3, 100.0, 45678.0])
def test_ticks_are_few_and_within_the_scale(top):
    marks = ticks(top)
    assert 3 <= len(marks) <= 6
    assert marks[0] == 0
    assert marks == sorted(marks)
    assert marks[-1] <= top * (1 + 1e-6)
