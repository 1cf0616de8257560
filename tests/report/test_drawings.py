"""Bars, lines, distributions: what is drawn lies where its numbers say, and can be read aloud."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vlminterp.drawing.charts.axis import Axis
from vlminterp.drawing.charts.bars import Bar, BarRow, bar_chart
from vlminterp.drawing.charts.distributions import distribution_chart
from vlminterp.drawing.charts.lines import Line, line_chart
from vlminterp.drawing.charts.svg import element, legend

EVIL = "<script>alert(1)</script>\"'&"
NUMBERS = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)


def parsed(markup):
    """The markup as a tree; only well-formed markup has one."""
    return ElementTree.fromstring(f"<div>{markup}</div>")


def drawn(markup, tag, kind):
    """Elements of a class, but the legend's."""
    (svg,) = [one for one in parsed(markup).iter("svg") if one.get("role") == "img"]
    return [one for one in svg.iter(tag) if kind in one.get("class", "").split()]


@settings(deadline=None)
@given(values=st.lists(NUMBERS, min_size=1, max_size=9), zero=st.booleans())
@example(values=[250251.0, -6.103515625e-05], zero=False)
def test_axis_holds_its_values_between_few_round_ticks(values, zero):
    axis = Axis.over(values, zero=zero)
    invisible = 1e-8 * (axis.ticks[1] - axis.ticks[0])
    assert axis.ticks[0] <= min(values) + invisible
    assert max(values) - invisible <= axis.ticks[-1]
    assert 2 <= len(axis.ticks) <= 8
    assert len(set(axis.labels())) == len(axis.ticks)
    assert np.allclose(np.diff(axis.ticks), axis.ticks[1] - axis.ticks[0])
    if zero:
        assert 0.0 in axis.ticks
    leading = f"{axis.ticks[1] - axis.ticks[0]:.3e}"
    assert leading[:5] in ("1.000", "2.000", "5.000")


def test_axis_of_nothing_and_of_one_value():
    assert Axis.over([]).ticks == Axis.over([float("nan"), 0.0, 1.0]).ticks
    assert Axis.over([3.0]).ticks[0] < 3 < Axis.over([3.0]).ticks[-1]


def test_places_on_an_axis_are_linear():
    axis = Axis.over([0.0, 10.0])
    assert [axis.place(value, 100, 200) for value in (0, 5, 10)] == [100, 150, 200]
    assert axis.place(2.5, 200, 100) == 175


ROWS = [
    BarRow("habitat", {"presence": Bar(0.08, 0.07, 0.09), "content": Bar(0.04)}, strong=True),
    BarRow("spurious", {"presence": Bar(-0.02, -0.03, -0.01)}),
]


def test_bars_are_as_long_as_their_means_and_begin_at_zero():
    chart = bar_chart("Gains", ROWS, "cosine")
    bars = drawn(chart, "rect", "bar")
    widths = [float(bar.get("width")) for bar in bars]
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.01)
    assert widths[0] / widths[2] == pytest.approx(4, rel=0.01)
    zero = float(bars[0].get("x"))
    assert zero == float(bars[1].get("x"))
    assert zero == pytest.approx(float(bars[2].get("x")) + widths[2])


def test_intervals_lie_around_the_ends_of_their_bars():
    chart = bar_chart("Gains", ROWS, "cosine")
    bars = drawn(chart, "rect", "bar")
    scale = float(bars[0].get("width")) / 0.08
    zero = float(bars[0].get("x"))
    ranges = [one for one in drawn(chart, "path", "range") if "halo" not in one.get("class")]
    found = [re.match(r"M([\d.]+) [\d.]+H([\d.]+)", one.get("d")).groups() for one in ranges]
    wanted = [(0.07, 0.09), (-0.03, -0.01)]
    assert len(found) == len(wanted)
    for ends, values in zip(found, wanted, strict=True):
        assert [float(x) for x in ends] == pytest.approx([zero + scale * v for v in values], abs=1)


def test_a_bar_chart_says_all_its_numbers_without_colour():
    chart = bar_chart("Gains", ROWS, "cosine", band=(-0.01, 0.01))
    (svg,) = [one for one in parsed(chart).iter("svg") if one.get("role") == "img"]
    label = svg.get("aria-label")
    assert "habitat: presence 0.08 (0.07 to 0.09), content 0.04" in label
    assert "spurious: presence −0.02 (−0.03 to −0.01)" in label
    text = " ".join(svg.itertext())
    assert "0.070 … 0.090" in text
    assert "−0.030 … −0.010" in text
    assert [one.text for one in drawn(chart, "text", "strong")] == ["habitat"]
    (band,) = drawn(chart, "rect", "band")
    (zero,) = drawn(chart, "line", "zero")
    middle = float(band.get("x")) + float(band.get("width")) / 2
    assert middle == pytest.approx(float(zero.get("x1")), abs=0.2)


def test_series_keep_their_colour_where_one_is_missing():
    rows = [
        BarRow("a", {"x": Bar(1.0)}),
        BarRow("b", {"y": Bar(1.0)}),
        BarRow("c", {"x": Bar(1.0)}),
    ]
    colours = [bar.get("class") for bar in drawn(bar_chart("t", rows, "u"), "rect", "bar")]
    assert colours == ["bar series-1", "bar series-2", "bar series-1"]


def test_bars_of_nothing_can_be_drawn():
    nothing = [BarRow("a", {"x": Bar(float("nan"), None, None)}), BarRow("b", {})]
    assert drawn(bar_chart("t", nothing, "u"), "rect", "bar") == []
    assert parsed(bar_chart("t", [], "u")) is not None


def points(polyline):
    return [tuple(map(float, pair.split(","))) for pair in polyline.get("points").split()]


def test_lines_share_axes_and_up_is_more():
    lines = [Line("reward", [(0, 1.0), (10, 3.0)]), Line("base", [(0, 1.0), (20, 1.0)])]
    first, second = map(points, drawn(line_chart("t", lines, "step", "y"), "polyline", "line"))
    assert first[0] == second[0]
    assert first[1][1] < first[0][1] == second[1][1]
    left, right = second[0][0], second[1][0]
    assert first[1][0] == pytest.approx((left + right) / 2, abs=0.1)


def test_lines_leave_out_what_is_not_finite():
    nan = float("nan")
    chart = line_chart("t", [Line("a", [(0, 1.0), (1, nan), (nan, 2.0), (3, 2.0)])], "x", "y")
    (line,) = drawn(chart, "polyline", "line")
    assert len(points(line)) == 2
    assert line_chart("t", [Line("a", [(0, nan)])], "x", "y") == ""
    assert "a: 1 at 0 to 2 at 3" in chart


def test_lines_differ_in_more_than_colour():
    lines = [Line(name, [(0, 1.0), (1, 2.0)], marked=True) for name in "abcd"]
    chart = line_chart("t", lines, "x", "y")
    marks = [mark.get("d") for mark in drawn(chart, "path", "mark")][::2]
    shapes = {re.sub(r"-?[\d.]+", "", mark) + str(mark.count("L")) for mark in marks}
    assert len(marks) == 4
    assert len(shapes) >= 3
    assert [li.findtext(".") or "".join(li.itertext()) for li in parsed(chart).iter("li")]


def outline(area):
    return np.array(
        [[float(n) for n in pair.split()] for pair in re.findall(r"[\d.]+ [\d.]+", area.get("d"))]
    )


def test_hills_stand_where_their_values_lie():
    rng = np.random.default_rng(0)
    groups = {"low": rng.normal(0.2, 0.02, 500), "high": rng.normal(0.6, 0.02, 5000)}
    chart = distribution_chart("t", groups, "cosine", ["high"])
    low, high = (outline(area) for area in drawn(chart, "path", "area"))
    peaks = [hill[hill[:, 1].argmin(), 0] for hill in (low, high)]
    medians = [float(one.get("cx")) for one in drawn(chart, "circle", "median")]
    assert peaks == pytest.approx(medians, abs=8)
    heights = [np.ptp(hill[:, 1]) for hill in (low, high)]
    assert heights[0] == pytest.approx(heights[1], rel=0.2), "ten times as many are no taller"
    spoken = f"high: {np.median(groups['high']):.3g} ("
    assert spoken in chart


def test_distributions_of_nothing_and_of_one_value_can_be_drawn():
    chart = distribution_chart("t", {"none": [], "nan": [np.nan], "one": [0.5]}, "u")
    assert len(drawn(chart, "path", "area")) == 1
    assert "none: nothing" in chart


def test_names_and_units_are_escaped():
    bars = bar_chart(EVIL, [BarRow(EVIL, {EVIL: Bar(1.0), "b": Bar(2.0)})], EVIL)
    lines = line_chart(EVIL, [Line(EVIL, [(0, 1.0)]), Line("b", [(0, 1.0)])], EVIL, EVIL)
    hills = distribution_chart(EVIL, {EVIL: [1.0, 2.0]}, EVIL)
    for markup in (bars, lines, hills):
        assert "<script" not in markup
        assert EVIL in "".join(parsed(markup).itertext())


def test_elements_are_escaped_and_rounded():
    made = element("a", EVIL, class_=EVIL, stroke_width=0.123, viewBox="0 0 1 1", none=None)
    (found,) = parsed(made)
    assert (found.text, found.get("class")) == (EVIL, EVIL)
    assert found.attrib.keys() == {"class", "stroke-width", "viewBox"}
    assert found.get("stroke-width") == "0.1"


def test_one_series_needs_no_legend():
    assert legend(["a"]) == ""
    assert len(list(parsed(legend(["a", "b"])).iter("li"))) == 2
