"""The one sentence that an attribution run ends with."""

import pytest

from vlminterp.attribution.verdict import verdict


def metric(mean, random=None, n=60):
    return {
        "mean": mean,
        "n": n,
        "baselines": {} if random is None else {"random": {"mean": random}},
    }


def test_it_says_how_often_both_sides_point_at_what_is_named():
    metrics = {
        "image.pointing_game": metric(5 / 6, 0.09),
        "image.energy_in_mask": metric(0.5),
        "text.word_pointing": metric(0.95, 0.4, n=58),
    }
    assert verdict({"model": "m", "metrics": metrics}) == (
        "m looks at what the text names in 83 % of 60 pictures (random maps: 9 %). "
        "m listens to a word that names something in the picture in 95 % of 58 captions "
        "(random maps: 40 %)."
    )


def test_of_several_methods_the_best_comes_first_and_the_others_are_told():
    metrics = {"image.m2ib.pointing_game": metric(0.8), "image.gae.pointing_game": metric(0.9)}
    assert verdict({"model": "m", "metrics": metrics}) == (
        "By gae, m looks at what the text names in 90 % of 60 pictures (m2ib 80 %)."
    )


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (
            {"passports": {"trust": 3, "doubt": 1, "nothing there": 0}},
            "Of 4 maps of m, by their passports: 3 trust, 1 doubt.",
        ),
        ({"metrics": {"image.pointing_game": {"mean": None}}}, ""),
        ({}, ""),
    ],
)
def test_without_truth_passports_speak_and_without_them_nothing_is_said(summary, expected):
    assert verdict({"model": "m", **summary}) == expected
