"""Answers of several VLMs and methods on one page: one scale for each unit, words on patches."""

import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from vlminterp_attribution.look.answer import PictureAnswer
from vlminterp_attribution.look.side_by_side import side_by_side
from vlminterp_attribution.pair_explanation import PairExplanation, WordsOnPatches

from tests.report.test_page import Page


@pytest.fixture
def answer():
    """Answers with a map whose highest score is given."""

    def made(model, method, unit, top, together=None):
        heat = np.zeros((8, 8), np.float32)
        heat[1, 1] = top
        picture = Image.new("RGB", (8, 8), "grey")
        words = [("an", 0.0), ("owl", top)]
        view = PairExplanation(
            model, method, picture, "an <b>owl", 0.3, False, unit, False, heat, words
        )
        return PictureAnswer(model, [replace(view, together=together)], None, [])

    return made


def tops(html):
    return re.findall(r"</span>([\d.]+) (nats|cosine)</div>", html)


def test_maps_of_one_unit_share_their_scale(answer):
    page = side_by_side(
        [
            answer("a", "ig", "cosine", 0.5),
            answer("b", "ig", "cosine", 2.0),
            answer("a", "m2ib", "nats", 70.0),
        ],
        ["c: <i>no such folder"],
    )
    assert tops(page) == [("2", "cosine"), ("2", "cosine"), ("70", "nats")]
    assert "<b>owl" not in page
    assert "<i>no such" not in page
    text = Page(page).text
    assert "c: <i>no such folder" in text
    assert "By ig, a looks at the top left" in text


def test_every_words_contribution_with_each_patch(answer):
    scores = np.array([[[0, 0], [0, 1]], [[4, -2], [0, 0]]], np.float32)
    together = WordsOnPatches(["an", "owl"], scores, (0.0, 0.25, 1.0, 0.5))
    page = side_by_side([answer("a", "exclip", "cosine", 1.0, together)])
    assert re.findall(r'data-patches="([^"]*)"', page) == ["0,0;0,25", "100,-50;0,0"]
    assert "--top: 0.25; --width: 1.0; --height: 0.5" in page
    assert page.count("which word looks where") == 1
