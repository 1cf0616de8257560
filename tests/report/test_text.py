"""Numbers, tables and coloured words."""

import math

import pytest
from markupsafe import Markup

from tests.report.test_page import EVIL, Page
from vlminterp.drawing.numbers import decimals, number, worth
from vlminterp.report.tables import LONGEST, rows_table, table
from vlminterp.report.words import coloured_words


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (-0.5, "−0.5"), (1234.5, "1,234"), (12345.6, "12,346"), (math.nan, "–")],
)
def test_numbers(value, shown):
    assert number(value) == shown


def test_infinity_is_a_number_too():
    assert number(math.inf) == "inf"
    assert number(-math.inf) == "−inf"


def test_zero_has_no_sign():
    assert decimals(-1e-9, 3) == "0.000"
    assert decimals(-0.0006, 3) == "−0.001"


@pytest.mark.parametrize(
    ("half", "places"), [(0.05, 2), (0.005, 3), (2.0, 1), (300.0, 0), (0.0, 3)]
)
def test_places_follow_the_width_of_the_interval(half, places):
    assert worth(1 - half, 1 + half) == places


def spans(markup):
    return Page(f"<p>{markup}</p>").all("span")


def test_words_are_as_strong_as_their_scores():
    found = spans(coloured_words([("owl", 0.4), ("in", 0.1), ("click", -0.2)], 0.4, "cosine"))
    assert [span["style"] for span in found] == [f"--strength: {n}%" for n in (100, 25, 50)]
    assert [span["class"] for span in found] == ["word", "word", "word minus"]
    assert found[2]["title"] == "−0.2 cosine"


def test_words_without_a_score_are_bare_and_no_colour_exceeds_the_strongest():
    found = spans(coloured_words([("a", None), ("b", math.nan), ("c", 9.0)], 1.0))
    assert [span["class"] for span in found] == ["word bare", "word bare", "word"]
    assert found[2]["style"] == "--strength: 100%"


def test_every_score_is_written_for_those_who_see_no_colour():
    text = Page(f"<p>{coloured_words([('owl', 0.41), ('click', -0.2)], 1.0)}</p>").text
    assert text.split() == ["owl", "0.41", "click", "−0.2"]


def test_tables_put_numbers_at_the_right():
    page = Page(str(table(["name", "n", "mixed"], [["a", 1, 0.1234], ["b", None, "x"]])))
    assert [head.get("class") for head in page.all("th", scope="col")] == [None, "figure", None]
    assert [row["scope"] for row in page.all("th", scope="row")] == ["row", "row"]
    assert page.text.split() == ["name", "n", "mixed", "a", "1", "0.123", "b", "–", "x"]


def test_tables_escape_text_keep_markup_and_cut_what_is_long():
    rows = [[EVIL, Markup("<b>bold</b>"), "x" * 1000, [1, 2]]]
    page = Page(str(table(["a", "b", "c", "d"], rows, EVIL)))
    assert page.all("b")
    assert not page.all("script")
    assert page.text.count(EVIL) == 2
    assert f"{'x' * (LONGEST - 1)}…" in page.text
    assert "[1, 2]" in page.text


def test_rows_of_different_columns_share_a_table():
    page = Page(str(rows_table(iter([{"a": 1}, {"b": 2}, {"c": 3}]), limit=2)))
    assert page.text.split() == ["a", "b", "1", "–", "–", "2"]
