"""`vlminterp look`: a picture and captions in, a page that begins with the answer out."""

import re
from html import unescape

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from vlminterp_attribution.look.answer import looks
from vlminterp_attribution.look.place import hottest_quarter, place_of
from vlminterp_attribution.pair_explanation import PairExplanation

import vlminterp
from vlminterp.cli.main import run
from vlminterp.data.images import read_image
from vlminterp.planted.scenes import SIZE, World

WORDS = (("top left", "top", "top right"), ("left", "middle", "right"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A planted scene of one object as a file whose name needs quotes, and its object."""
    made = World(0, "test").scene(3)
    path = tmp_path_factory.mktemp("look") / "my scene (3)=.png"
    Image.fromarray(made.image).save(path)
    return path, made.objects[0]


def look(scene, page, *captions, options=()):
    line = ["look", str(scene[0]), *captions, "--model", "planted-base", *options]
    assert run([*line, "--out", str(page), "--no-open"]) == 0
    return unescape(re.sub(r"<[^>]+>", " ", page.read_text("utf-8").partition("<body>")[2]))


def test_the_page_begins_with_the_place_of_the_object(scene, tmp_path, capsys):
    name = scene[1].concept.name
    text = look(scene, tmp_path / "look.html", f"a {name}, sitting + [here]")
    rows, columns = np.nonzero(scene[1].mask)
    third = [int(3 * axis.mean() / SIZE) for axis in (rows, columns)]
    words = (*WORDS, ("bottom left", "bottom", "bottom right"))
    place = words[third[0]][third[1]]
    expected = f"planted-base looks at the {place} for “a {name}, sitting + [here]”"
    assert expected in text
    assert expected in capsys.readouterr().out
    assert text.index(expected) < text.index("Scores")


def test_an_absent_thing_is_told(scene, tmp_path):
    absent = "clock" if scene[1].concept.name != "clock" else "owl"
    assert "finds nothing in this picture that answers" in look(
        scene, tmp_path / "look.html", f"a photo of a {absent}"
    )


def test_two_captions_have_the_models_own_probabilities(scene, tmp_path):
    encoder = vlminterp.load("planted-base", "cpu")
    captions = [f"a {scene[1].concept.name}", "a purple picture of a bus"]
    with torch.no_grad():
        image = encoder.encode_image(encoder.preprocess([read_image(scene[0])]))
        logits = encoder.logits(image, encoder.encode_text(encoder.tokenize(captions)))
    first = round(100 * float(logits.softmax(1)[0, 0]))
    text = look(scene, tmp_path / "look.html", *captions)
    assert f"planted-base prefers “{captions[0]}” ({first} % against {100 - first} %)" in text
    assert re.search(r"(Trust it: of|Doubt it: of) maps like this one, (only )?\d+ % lie", text)
    assert f"Why “{captions[0]}” and not “{captions[1]}”" in text


def test_a_caption_is_never_markup(scene, tmp_path):
    page = tmp_path / "look.html"
    look(scene, page, "<script>alert(1)</script> owl")
    assert "<script" not in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["nowhere.png", "a cat", "--model", "planted-base"], "nowhere.png"),
        (["x.png", "a", "b", "c"], "3 captions are too many"),
        (["x.png", "a", "a"], "both captions are the same"),
        (["x.png", "a", "--model", "planted-bas"], "planted-base"),
    ],
)
def test_mistakes_are_one_line(line, message, capsys):
    assert run(["look", *line]) == 1
    told = [one for one in capsys.readouterr().err.splitlines() if "models" not in one]
    assert message in told[-1]
    assert "Traceback" not in "".join(told)


def test_ctrl_c_ends_in_one_line(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("vlminterp_attribution.look.command.answer", interrupted)
    assert run(["look", "x.png", "an owl", "--model", "planted-base"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_one_line(scene, tmp_path, capsys):
    line = ["look", str(scene[0]), "--method", "gradcam", "an owl", "--model", "planted-base"]
    assert run([*line, "--out", str(tmp_path)]) == 1
    assert f"{tmp_path} can't be written: Is a directory" in capsys.readouterr().err


def test_captions_may_stand_around_options(scene, tmp_path):
    captions = ("an owl", "--method", "gradcam", "a bus")
    assert "Why “an owl” and not “a bus”" in look(scene, tmp_path / "look.html", *captions)


@given(st.integers(0, 2), st.integers(0, 2), st.integers(1, 9))
def test_a_single_hot_pixel_is_where_it_is(row, column, scale):
    heat = np.zeros((3 * scale, 3 * scale), np.float32)
    heat[row * scale + scale // 2, column * scale + scale // 2] = 1
    words = (*WORDS, ("bottom left", "bottom", "bottom right"))
    assert place_of(heat) == f"the {words[row][column]}"
    assert hottest_quarter(heat) == 1


def test_a_map_without_heat():
    heat = np.full((4, 4), np.nan, np.float32)
    heat[:, 1:] = 0
    assert place_of(heat) is None
    view = PairExplanation(
        "clip", "ig", Image.new("RGB", (4, 4)), "an owl", 0.1, False, "nats", True, heat, []
    )
    assert looks(view) == (
        "finds nothing in this picture that speaks for “an owl”: its map has no heat."
    )
    assert hottest_quarter(heat) == 0.25


@pytest.mark.parametrize(
    ("corner", "told"), [(0.0, "looks everywhere"), (99.0, "looks at the top left")]
)
def test_even_heat_has_no_place(corner, told):
    heat = np.ones((12, 12), np.float32)
    heat[:4, :4] += corner
    view = PairExplanation(
        model="any",
        method="ig",
        image=Image.new("RGB", (12, 12)),
        text="a cat",
        similarity=0.3,
        truncated=False,
        unit="cosine",
        signed=False,
        heat=heat,
        words=[],
    )
    assert looks(view).startswith(told)
