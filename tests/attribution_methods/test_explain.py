"""`vlminterp.explain`: one call for one picture, the same numbers as everywhere else."""

import inspect

import numpy as np
import pytest
from PIL import Image
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.options import FAITHFUL
from vlminterp_attribution.pair_explanation import PairExplanation, PairExplanations
from vlminterp_attribution.registry import make_method
from vlminterp_m2ib.attribution import M2IB

import vlminterp
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import ClassProbability, Contrast, ImageSimilarity
from vlminterp.errors import ConfigError, InputError, ModelError, UserError
from vlminterp.planted.source import PlantedConfig, PlantedSource


@pytest.fixture(scope="module")
def pair():
    return next(PlantedSource(PlantedConfig(pairs=1)).pairs())


@pytest.fixture(scope="module")
def picture(pair):
    return pair.load_image()


def test_numbers_are_those_of_the_method_itself(pair, picture, tmp_path):
    picture.save(tmp_path / "scene.png")
    found = vlminterp.explain("planted-base", tmp_path / "scene.png", pair.text, "m2ib")
    encoder = vlminterp.load("planted-base")
    pixels, tokens = encoder.preprocess([picture]), encoder.tokenize([pair.text])
    image = M2IB(encoder, "image").attribute(pixels, tokens)
    words = M2IB(encoder, "text").attribute(pixels, tokens).word_scores(0)
    np.testing.assert_array_equal(found.heat, image.on_image(0))
    assert list(found.words) == [(word.text, score) for word, score in words]
    assert (found.unit, found.signed, found.text) == ("nats", False, pair.text)
    assert found.similarity == pytest.approx(float(image.similarity[0]))
    assert found.top == pytest.approx(float(np.nanmax(image.on_image(0))))


def test_a_picture_may_be_a_path_bytes_or_an_array(encoder, picture, tmp_path):
    path = tmp_path / "scene.png"
    picture.save(path)
    expected = vlminterp.explain(encoder, picture, "a cat")
    for given in (str(path), path, path.read_bytes(), np.asarray(picture)):
        found = vlminterp.explain(encoder, given, "a cat")
        np.testing.assert_array_equal(found.heat, expected.heat)
        assert found.image.size == picture.size


def test_it_asks_the_method_that_look_asks(picture):
    asked = inspect.signature(vlminterp.explain).parameters["method"].default
    assert asked == FAITHFUL
    assert vlminterp.explain("planted-base", picture, "a cat").method == FAITHFUL


def test_a_comparison_is_the_method_with_that_target(encoder, picture):
    found = vlminterp.explain(encoder, picture, "a cat", method="ig", against=["a dog", "a fox"])
    pixels, tokens = encoder.preprocess([picture]), encoder.tokenize(["a cat"])
    batches = Batches(encoder, Contrast(["a dog", "a fox"]), 0)
    expected = make_method("ig", Side.image, batches).attribute(pixels, tokens)
    np.testing.assert_allclose(found.heat, expected.on_image(0, found.heat.shape))
    assert found.signed
    one = vlminterp.explain(encoder, picture, "a cat", method="ig", against="a dog")
    listed = vlminterp.explain(encoder, picture, "a cat", method="ig", against=["a dog"])
    np.testing.assert_array_equal(one.heat, listed.heat)


def test_options_and_seed_reach_the_method(encoder, picture):
    def heat(**arguments):
        return vlminterp.explain(encoder, picture, "a cat", "smoothgrad", **arguments).heat

    assert not np.array_equal(heat(options={"samples": 2}), heat(options={"samples": 4}))
    assert not np.array_equal(heat(seed=1), heat(seed=2))
    assert np.array_equal(heat(seed=1), heat(seed=1))


def test_several_captions_are_explained_one_by_one(encoder, picture):
    found = vlminterp.explain(encoder, picture, ["a cat", "a dog"], method="gae")
    alone = vlminterp.explain(encoder, picture, "a dog", method="gae")
    assert isinstance(found, PairExplanations)
    assert [one.text for one in found] == ["a cat", "a dog"]
    np.testing.assert_allclose(found[1].heat, alone.heat, rtol=1e-5, atol=1e-7)


def test_methods_and_targets_of_one_side(encoder, picture):
    found = vlminterp.explain(encoder, picture, "a cat", method="gradcam")
    assert found.heat is not None
    assert list(found.words) == []
    other = ImageSimilarity(encoder.preprocess([picture.rotate(90)]))
    assert list(vlminterp.explain(encoder, picture, "a cat", "gae", target=other).words) == []
    asked = ClassProbability(["cat", "dog"])
    assert vlminterp.explain(encoder, picture, "cat", "ig", target=asked).unit == "nats"


def drawn(heat=None, words=(), **facts):
    image = Image.new("RGB", (30, 20), "white")
    given = {
        "signed": False,
        "truncated": False,
        "unit": "cosine",
        "text": "<b>a cat</b>",
        "model": "m",
        "method": "x",
    }
    return PairExplanation(image=image, similarity=0.5, heat=heat, words=words, **given | facts)


def test_it_shows_itself_in_a_notebook():
    heat = np.linspace(-1, 2, 600, dtype=np.float32).reshape(20, 30)
    heat[0] = np.nan
    one = drawn(heat, [("<b>a", 0.25), ("cat</b>", -0.5)])
    html = one._repr_html_()
    assert "data:image/png;base64," in html
    assert "&lt;b&gt;a" in html
    assert "<b>" not in html
    assert 'class="word minus"' in html
    assert "similarity 0.500" in html
    assert repr(one).startswith("PairExplanation(x on m: '<b>a cat</b>', similarity 0.500")
    both = PairExplanations([one, drawn(heat * 2)])._repr_html_()
    assert both.count("<img") == 2
    assert both.count("brightest at 4 cosine") == 2  # one scale for both


def test_signs_have_colours():
    heat = np.zeros((20, 30), np.float32)
    heat[:, :10], heat[:, 20:] = -4, 2
    red, _, blue = np.asarray(drawn(heat, signed=True).overlay(), int)[10, [25, 15, 5]].tolist()
    assert red[0] > red[2] + 30
    assert blue[2] > blue[0] + 60
    assert drawn(heat, signed=True).top == 4
    assert drawn(heat).top == 2
    unsigned = np.asarray(drawn(heat).overlay(), int)[10]
    assert (unsigned[5] == unsigned[15]).all()  # what is below 0 is drawn as 0


def test_plot_has_a_scale_and_bars():
    heat = np.ones((20, 30), np.float32)
    picture, bars, scale = drawn(heat, [("a", 0.25), ("cat", -0.5)]).plot().axes
    assert [bar.get_width() for bar in bars.patches] == [0.25, -0.5]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["a", "cat"]
    assert scale.get_ylabel() == "cosine"
    assert picture.images[0].get_array().shape == (20, 30, 3)
    assert len(drawn().plot().axes) == 1


def test_without_a_map_the_picture_stands_alone():
    one = drawn(words=[("cat", 1.0)])
    assert one.top == 0
    assert one.overlay() is one.image
    assert one.figure().width > 0


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"method": "gea"}, ConfigError, "no method 'gea'.*gae"),
        ({"text": "  "}, InputError, "caption"),
        ({"text": []}, InputError, "no caption"),
        ({"image": "nowhere.png"}, InputError, "nowhere.png"),
        ({"model": "planted-bse"}, UserError, "planted-base"),
        ({"options": {"stepz": 3}, "method": "ig"}, ConfigError, "stepz"),
        ({"against": []}, ConfigError, "against"),
        ({"against": "a dog", "target": Contrast(["a fox"])}, ConfigError, "not both"),
        ({"image": np.zeros((4, 4, 3))}, InputError, "array of float64 .* uint8"),
        ({"image": None}, InputError, "NoneType; give a path, a PIL image or a uint8 array"),
        ({"text": None}, InputError, "text=None must be a caption"),
        ({"text": ["a", None]}, InputError, "must be a caption"),
        ({"model": 5}, ConfigError, "type int; give a name"),
        ({"options": [1]}, ConfigError, "must be a dict"),
        ({"seed": 1.5}, ConfigError, "whole number"),
        ({"against": 5}, ConfigError, "against=5 must be a caption"),
        ({"against": " "}, ConfigError, "needs captions"),
        ({"target": "class"}, ConfigError, r"such as vlminterp.attribution.targets.ClassProb"),
        ({"method": "exclip", "against": "a dog"}, ConfigError, "not answer the target Contrast"),
        ({"method": "kernelshap", "options": {"ridge": -5}}, ConfigError, "ridge=-5"),
        ({"method": "banzhaf", "options": {"samples": 3}}, ConfigError, "must be even"),
        ({"method": "rise", "options": {"kept": 1.5}}, ConfigError, "kept=1.5 must be between"),
        ({"method": "smoothgrad", "options": {"noise": float("inf")}}, ConfigError, "noise=inf"),
    ],
)
def test_a_mistake_is_one_line(encoder, picture, arguments, kind, message):
    given = {"model": encoder, "image": picture, "text": "a cat"} | arguments
    with pytest.raises(kind, match=message) as caught:
        vlminterp.explain(**given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("method", ["ig", "m2ib", "occlusion"])
def test_what_is_not_finite_is_told_not_drawn(encoder, picture, method, value):
    """`look` would say of an empty map that there is nothing in the picture."""
    last = encoder.model.vision_model.encoder.layers[-1]
    handle = last.register_forward_hook(lambda _, __, output: output * value)
    try:
        with pytest.raises(ModelError, match="of the image are not finite: a number grew too"):
            vlminterp.explain(encoder, picture, "a cat", method)
    finally:
        handle.remove()


def test_a_caption_that_is_too_long_says_so(encoder, picture):
    found = vlminterp.explain(encoder, picture, "a whale " * 100, method="gae")
    assert found.truncated
    assert f"read only the first {len(found.words)} words" in found._repr_html_()
    assert len(repr(found)) < 200


def test_dollars_are_no_mathematics(tmp_path):
    one = drawn(np.ones((20, 30), np.float32), [("$x$", 1.0)], text=r"$x$ costs $\frac{$ dog")
    figure = one.plot()
    figure.savefig(tmp_path / "dollars.png")  # where matplotlib would read mathematics
    assert figure.axes[0].get_title() == r"$x$ costs $\frac{$ dog"


def test_a_consensus_of_image_methods_has_no_words(encoder, picture):
    members = {"members": ["gradcam", "saliency"]}
    found = vlminterp.explain(encoder, picture, "a cat", method="consensus", options=members)
    assert found.heat is not None
    assert list(found.words) == []


def test_what_can_not_count_against_is_not_signed(encoder, picture):
    def signed(method):
        return vlminterp.explain(encoder, picture, "a cat", method, against="a dog").signed

    assert signed("ig")
    assert not signed("gae")
