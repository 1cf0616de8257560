import numpy as np
import pytest
from PIL import Image

from vlminterp.drawing.figure import GAP, SIDE, figure

HEAT = np.linspace(0, 2, 12, dtype=np.float32).reshape(3, 4)
WORDS = [("a", 0.1), ("cat", 2.0)]


@pytest.mark.parametrize(
    ("heat", "words", "caption"),
    [
        (HEAT, WORDS, "a cat"),
        (HEAT, [], "a cat"),
        (None, WORDS, "a cat"),
        (HEAT * np.nan, WORDS, ""),
        (HEAT * 0, [("a", 0.0)], "a"),
        (HEAT, [("лимон🍋", 1.0), ("檸檬", 0.5)], ""),
        (HEAT, [("x" * 300, 1.0)], ""),
        (HEAT, [], ""),
    ],
)
def test_every_combination_can_be_drawn(heat, words, caption):
    drawn = figure(Image.new("P", (4, 3)), heat, words, "nats", caption)
    assert drawn.mode == "RGB"
    assert drawn.width == GAP + (1 if heat is None else 2) * (SIDE + GAP)


def test_same_input_same_pixels():
    image = Image.new("RGB", (4, 3), "teal")
    assert (
        figure(image, HEAT, WORDS, "nats").tobytes() == figure(image, HEAT, WORDS, "nats").tobytes()
    )


def test_stronger_words_are_more_orange():
    drawn = np.asarray(figure(Image.new("RGB", (4, 3), "black"), None, WORDS, "nats"), int)
    below = drawn[GAP + SIDE * 3 // 4 :]
    warmth = (below[..., 0] - below[..., 2]).max(axis=0)
    halves = np.flatnonzero(warmth > 150)
    assert len(halves) > 20
    assert halves.min() > GAP + 30, "the weak first word is shaded as strongly as the second"


def test_a_long_caption_wraps_and_the_figure_grows():
    short = figure(Image.new("RGB", (4, 3)), HEAT, WORDS, "nats")
    long = figure(Image.new("RGB", (4, 3)), HEAT, WORDS * 30, "nats")
    assert long.width == short.width
    assert long.height > short.height + 100


def test_a_tall_picture_keeps_its_shape():
    drawn = figure(Image.new("RGB", (100, 400), "red"), None, [], "nats")
    reds = (np.asarray(drawn) == [255, 0, 0]).all(axis=-1)
    assert abs(reds.any(axis=0).sum() / reds.any(axis=1).sum() - 0.25) < 0.01
