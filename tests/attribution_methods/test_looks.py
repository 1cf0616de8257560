"""The run and the page of the methods that tell which word looks where."""

import base64
import io
import re

import numpy as np
import pytest
from markupsafe import escape
from PIL import Image
from vlminterp_attribution.looks import looks_of

from tests.report.own_script import without_own_script
from vlminterp.attribution.rows import explained_pairs
from vlminterp.data.pairs import Pair, Source
from vlminterp.drawing.signed import signed_layer, signed_overlay
from vlminterp.planted.source import PlantedConfig
from vlminterp.report.page import render

EVIL = '<script>"owl"</script>'
OPTIONS = ["exclip.steps=2", "fixlip.samples=16"]


class Wide(Source):
    """One wide picture, of which the model sees the middle, with a caption that is no friend."""

    Config = PlantedConfig

    def pairs(self):
        picture = Image.new("RGB", (128, 64), "red")
        picture.paste("white", (40, 0, 70, 30))
        yield Pair("wide", f"a {EVIL} and a cat", lambda: picture)

    def count(self):
        return 1


@pytest.fixture
def results(run):
    return run(methods=["gae", "exclip", "fixlip"], options=OPTIONS, pairs=2)


def test_arrays_and_rows(results):
    for method in ("exclip", "fixlip"):
        for pair in explained_pairs(results, method):
            image, words = pair.image, pair.text.split()
            assert image.interactions.shape == (len(words), 4, 4)
            assert image.row["words"] == words
            np.testing.assert_allclose(image.interactions.sum(0), image.map, atol=1e-6)
            totals = [score for _, score in pair.caption.words]
            np.testing.assert_allclose(image.interactions.sum((1, 2)), totals, atol=1e-6)
    assert next(explained_pairs(results, "gae")).image.interactions is None


def test_page_shows_a_map_for_each_word(results):
    page = render(results)
    pairs = list(explained_pairs(results, "exclip"))
    words = [word for pair in pairs for word in pair.text.split()]
    assert page.count('<fieldset class="looks"') == 2 * len(pairs)
    assert page.count('type="radio"') == 2 * len(words)
    assert page.count(" checked>") == 2 * len(pairs), "the strongest word's map is shown at first"
    for pair in pairs:
        strongest = max(pair.caption.words, key=lambda each: each[1])[0]
        assert re.search(rf'name="exclip {pair.id}" checked>.*<bdi lang="">{strongest}</bdi>', page)
    names = re.findall(r'type="radio" name="([^"]+)"', page)
    assert set(names) == {f"{m} {p.id}" for m in ("exclip", "fixlip") for p in pairs}
    assert "<script" not in without_own_script(page)


def test_words_are_escaped_and_maps_lie_where_the_model_looked(run):
    results = run(method="exclip", options=OPTIONS[:1], source=Wide())
    page = render(results)
    assert "<script" not in without_own_script(page)
    words = next(explained_pairs(results)).image.row["words"]
    assert any("<" in word for word in words)
    assert all(f'<bdi lang="">{escape(word)}</bdi>' in page for word in words)
    assert "--aspect: 2.0; --left: 0.25; --top: 0.0; --width: 0.5; --height: 1.0" in page


def test_looks(results):
    pair = next(explained_pairs(results, "exclip"))
    found, grids = looks_of("exclip", pair), pair.image.interactions
    assert found.top == np.abs(grids).max()
    assert found.strongest == grids.sum((1, 2)).argmax()
    row, column = divmod(int(grids[0].argmax()), 4)
    assert found.looks[0].where == f"highest in row {row + 1} of 4, column {column + 1} of 4"
    drawn = Image.open(io.BytesIO(base64.b64decode(found.looks[0].heat.partition(",")[2])))
    assert (drawn.mode, drawn.size) == ("RGBA", (4, 4))
    assert looks_of("gae", next(explained_pairs(results, "gae"))) is None


def test_layer_over_a_picture_is_the_overlay():
    """But for the fading of the picture."""
    heat = np.array([[1.0, -1.0], [0.3, 0.0]], np.float32)
    white = Image.new("RGBA", (2, 2), "white")
    laid = np.asarray(Image.alpha_composite(white, signed_layer(heat, 1.0)))[..., :3].astype(int)
    drawn = np.asarray(signed_overlay(white, heat, 1.0)).astype(int)
    assert np.abs(laid - drawn).max() <= 2
    assert signed_layer(heat, 1.0).getpixel((1, 1))[3] == 0
