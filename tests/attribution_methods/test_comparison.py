"""A method is said to be behind only where paired tests, corrected for all of a page, show it."""

import numpy as np
import pandas as pd
import pytest
from vlminterp_attribution.comparison import compare
from vlminterp_attribution.page import score_tables

from vlminterp.attribution.summary import metric
from vlminterp.metrics.intervals import mean_interval


def rows_of(side="image", **metrics):
    """Rows of one side; each metric has values by method, a value for each pair."""
    rows = {}
    for name, by_method in metrics.items():
        for method, values in by_method.items():
            for pair, value in enumerate(values):
                row = {"pair": pair, "method": method, "side": side}
                rows.setdefault((pair, method), row)[name.replace("__", ".")] = value
    return pd.DataFrame(list(rows.values()))


@pytest.fixture
def scenes():
    """A value for each of 20 pairs, of which pairs differ far more than methods."""
    return np.random.default_rng(0).normal(0.5, 0.2, 20)


def test_pairs_show_what_intervals_of_means_hide(scenes):
    noise = np.random.default_rng(1).normal(0, 0.01, (2, 20))
    values = {"good": scenes, "equal": scenes - noise[0], "worse": scenes - 0.03 + noise[1]}
    found = compare(rows_of(average_precision=values))
    (only,) = found.all
    assert found.tests == 2
    assert list(only.behind) == ["worse"]
    assert only.best in ("good", "equal")
    assert only.behind["worse"].mean == pytest.approx(0.03, abs=0.01)
    assert only.behind["worse"].low > 0


def test_lower_may_be_better(scenes):
    (only,) = compare(rows_of(deletion={"low": scenes, "high": scenes + 1})).all
    assert (only.best, list(only.behind)) == ("low", ["high"])


def test_chance_alone_puts_no_method_behind():
    generator = np.random.default_rng(0)
    said = []
    for _ in range(60):
        values = dict(zip("abcd", generator.normal(size=(4, 10)), strict=True))
        said.append(any(one.behind for one in compare(rows_of(average_precision=values)).all))
    assert np.mean(said) <= 0.1


def test_the_correction_counts_all_metrics_of_the_page(scenes):
    worse = scenes - 0.02 + np.random.default_rng(3).normal(0, 0.035, 20)
    one = {"good": scenes, "worse": worse}
    assert compare(rows_of(average_precision=one)).all[0].behind
    noise = {name: np.random.default_rng(n).normal(size=20) for n, name in enumerate(one)}
    more = ("insertion", "deletion", "keep_minus_delete", "road", "sensitivity_n")
    among = compare(rows_of(average_precision=one, **dict.fromkeys(more, noise)))
    assert among.tests == 6
    assert not among.of("image")["average_precision"].behind


def test_one_pair_says_nothing():
    found = compare(rows_of(average_precision={"good": [0.9], "bad": [0.1]}))
    assert (found.all, found.tests) == ([], 0)
    assert compare(pd.DataFrame([{"pair": 0, "side": "image", "road": 1.0}])).tests == 0


def test_methods_without_truth_in_common_are_not_compared():
    nan = float("nan")
    values = {"a": [0.9, 0.8, nan, nan], "b": [nan, nan, 0.1, 0.2]}
    assert compare(rows_of(average_precision=values)).tests == 0


def test_a_drop_is_compared_beyond_the_shuffled_maps(scenes):
    """The method that shows all has no drop, and none beyond that of its shuffled map."""
    drops = {"all": 0 * scenes, "part": 10 + scenes}
    shuffled = {"all": 0 * scenes, "part": 40 + scenes}
    found = compare(rows_of(confidence_drop=drops, confidence_drop__shuffled=shuffled))
    assert found.of("image") == {}
    (only,) = found.of("image", beyond=True).values()
    assert (only.best, list(only.behind)) == ("part", ["all"])
    assert only.behind["all"].mean == pytest.approx(30)
    assert compare(rows_of(confidence_drop=drops)).tests == 0, "of an earlier version"
    text = compare(rows_of("text", confidence_drop=drops, confidence_drop__shuffled=shuffled))
    assert text.of("text")["confidence_drop"].best == "all", "nothing is known against it there"
    increase = {"confidence_increase": drops, "confidence_increase__shuffled": shuffled}
    assert compare(rows_of(**increase)).tests == 0


def test_the_best_is_the_one_in_bold(scenes):
    values = {"good": scenes, "worse": scenes - 0.1}
    metrics = {
        f"image.{name}.average_precision": metric(mean_interval(own), higher_is_better=True)
        for name, own in values.items()
    }
    compared = compare(rows_of(average_precision=values))
    (table,) = score_tables(metrics, list(values), compared)
    assert table["best"]["average_precision"] == table["compared"]["average_precision"].best
