import re

import numpy as np
import pytest

from vlminterp.drawing.charts.curves import HEIGHT, WIDTH, common_axis, curve, whisker
from vlminterp.report.scores import score_table, verdict


def points(drawing):
    pairs = re.search(r'points="([^"]*)"', str(drawing))[1].split()
    return np.array([[float(number) for number in pair.split(",")] for pair in pairs])


def test_curve_runs_left_to_right_and_up_is_more():
    drawn = curve("fit", np.array([0.1, 0.3, 0.2], np.float32), "cosine")
    x, y = points(drawn.drawing).T
    assert (np.diff(x) > 0).all()
    assert y[1] < y[2] < y[0]
    assert 0 <= x.min() < x.max() <= WIDTH
    assert 0 <= y.min() < y.max() <= HEIGHT
    assert (drawn.first, drawn.last) == pytest.approx((0.1, 0.2))
    assert 'aria-label="fit over 3 steps: 0.1 to 0.2 cosine"' in drawn.drawing


def test_curve_leaves_out_what_is_not_finite():
    drawn = curve("fit", np.array([np.nan, 1.0, np.inf, 2.0], np.float32))
    assert len(points(drawn.drawing)) == 2
    assert curve("fit", np.array([np.nan], np.float32)) is None
    assert curve("fit", np.array([], np.float32)) is None


def test_constant_curve_and_single_step_can_be_drawn():
    assert len(points(curve("fit", np.full(5, 2.0, np.float32)).drawing)) == 5
    assert len(points(curve("fit", np.ones(1, np.float32)).drawing)) == 1


def test_names_are_escaped():
    drawing = curve('"><script>', np.ones(2, np.float32)).drawing
    assert "<script>" not in drawing


def test_whisker_puts_values_where_the_axis_says():
    drawing = str(whisker(0.5, 0.0, 1.0, (0.0, 1.0)))
    assert 'x1="5.0" x2="215.0"' in drawing
    assert 'cx="110.0"' in drawing


def test_axis_of_shares_is_the_whole_of_them():
    assert common_axis([]) == (0.0, 1.0)
    assert common_axis([(0.4, 0.5)]) == (0.0, 1.0)
    assert common_axis([(4.0, 5.0), (1.0, 9.0)]) == (0.0, 9.0)


@pytest.mark.parametrize(
    ("method", "baseline", "better", "expected"),
    [
        ((0.5, 0.6), (0.1, 0.2), True, "clearly beaten"),
        ((0.5, 0.6), (0.1, 0.2), False, "clearly better than the method"),
        ((0.1, 0.2), (0.5, 0.6), True, "clearly better than the method"),
        ((0.1, 0.2), (0.5, 0.6), False, "clearly beaten"),
        ((0.1, 0.5), (0.5, 0.6), True, "intervals overlap"),
        ((0.1, 0.2), (0.5, 0.6), None, ""),
    ],
)
def test_verdicts(method, baseline, better, expected):
    assert verdict(method, baseline, higher_is_better=better) == expected


def test_metrics_keep_their_order_and_lose_what_has_no_mean():
    mean = {"mean": 0.5, "low": 0.4, "high": 0.6}
    table = score_table(
        {
            "z": {
                **mean,
                "higher_is_better": True,
                "baselines": {"r": mean, "none": {"mean": None}},
            },
            "empty": {"mean": None},
            "a": {"mean": 3.0, "higher_is_better": None},
        },
        "m2ib",
    )
    assert [metric.name for metric in table] == ["z", "a"]
    assert [line.name for line in table[0].baselines] == ["r"]
    assert table[0].direction == "higher is better"
    assert table[1].direction == ""
    assert (table[1].method.low, table[1].method.high) == (None, None)  # a mean has no interval


@pytest.mark.parametrize(
    ("half", "places"), [(0.05, 2), (0.005, 3), (2.0, 1), (300.0, 0), (0.0, 3)]
)
def test_decimals_follow_the_width_of_the_interval(half, places):
    table = score_table({"a": {"mean": 1.0, "low": 1 - half, "high": 1 + half}}, "m2ib")
    assert table[0].decimals == places


def verdicts(name, method, **baselines):
    """What the table says of a method against each baseline, by the baseline's name."""
    (metric,) = score_table({name: {**method, "baselines": baselines}}, "m2ib")
    return {line.name: line.verdict for line in metric.baselines}


def mean_of(mean, spread=0.1):
    return {"mean": mean, "low": mean - spread, "high": mean + spread}


@pytest.mark.parametrize("name", ["image.confidence_drop", "image.gae.confidence_drop"])
def test_a_drop_is_compared_with_what_shows_as_much(name):
    """A random map shows half of the picture: its drop says nothing of a map that shows 5 %."""
    method = {**mean_of(1.0), "higher_is_better": False}
    said = verdicts(name, method, shuffled=mean_of(2.0), random=mean_of(2.0))
    assert said == {"shuffled": "clearly beaten", "random": ""}
    assert verdicts(name, method, random=mean_of(2.0)) == {"random": ""}  # of an earlier run


def test_localisation_is_compared_with_every_baseline():
    method = {**mean_of(0.8), "higher_is_better": True}
    said = verdicts("image.pointing_game", method, shuffled=mean_of(0.1), centre=mean_of(0.8))
    assert said == {"shuffled": "clearly beaten", "centre": "intervals overlap"}


@pytest.mark.parametrize("one", [{"mean": 0.1}, {"mean": 0.1, "low": None, "high": None, "n": 1}])
def test_one_pair_gets_no_verdict(one):
    method = {**mean_of(0.8), "higher_is_better": True}
    assert verdicts("image.pointing_game", method, random=one) == {"random": ""}
    alone = {**one, "higher_is_better": True}
    assert verdicts("image.pointing_game", alone, random=mean_of(0.9)) == {"random": ""}


def test_metrics_that_mislead_on_maps_say_so():
    facts = mean_of(0.8) | {"higher_is_better": False}
    names = ("image.confidence_drop", "text.confidence_drop", "image.pointing_game")
    said = [one.misleads for one in score_table(dict.fromkeys(names, facts), "m2ib")]
    assert "upside down" in said[0]
    assert said[1:] == ["", ""]
