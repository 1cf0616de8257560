"""Words from numbers: drivers and flags."""

import math

import pytest
from vlminterp_audit.verdict import Driver, HeardPhrase, Kind, driver, flags_of
from vlminterp_audit.words import Hears, Scope, verdict

from vlminterp.metrics.intervals import Interval

MARGIN, LEAST = 0.02, 0.3
FALL = Interval(0.5, 0.4, 0.6, 8)


def share(mean, half=0.05):
    return Interval(mean, mean - half, mean + half, 8)


@pytest.mark.parametrize(
    ("by_object", "expected"),
    [
        (1.0, Driver.object),
        (0.75, Driver.object),
        (0.5, Driver.both),
        (0.31, Driver.both),
        (0.1, Driver.context),
    ],
)
def test_the_driver_is_what_has_a_share_that_matters(by_object, expected):
    shares = share(by_object), share(1 - by_object)
    assert driver(FALL, shares, MARGIN, LEAST) is expected


@pytest.mark.parametrize("total", [Interval(0.01, 0.005, 0.015, 8), Interval(0.5, -0.1, 1.1, 8)])
def test_a_score_that_does_not_fall_is_driven_by_neither(total):
    assert driver(total, (share(0.9), share(0.1)), MARGIN, LEAST) is Driver.neither


def test_a_large_share_that_may_be_chance_does_not_count():
    shares = share(0.65), Interval(0.35, -0.1, 0.45, 8)
    assert driver(FALL, shares, MARGIN, LEAST) is Driver.object
    shares = share(0.7), Interval(0.4, -0.1, 0.9, 8)
    assert driver(FALL, shares, MARGIN, LEAST) is Driver.undecided


@pytest.mark.parametrize(
    ("by_object", "half", "expected"),
    [
        (0.75, 0.2, Driver.object),
        (0.75, 0.3, Driver.undecided),  # the background may matter as much
        (0.25, 0.3, Driver.undecided),
        (0.25, 0.2, Driver.context),
        (0.55, 0.6, Driver.undecided),
        (0.6, 0.3, Driver.both),
    ],
)
def test_one_alone_is_said_only_if_the_other_is_cleared(by_object, half, expected):
    shares = share(by_object, half), share(1 - by_object, half)
    assert driver(FALL, shares, MARGIN, LEAST) is expected


def test_a_name_that_no_picture_of_its_own_gets_is_flagged():
    found = flags_of("owl", Driver.object, share(0.1), [], MARGIN, known=False)
    assert [flag.kind for flag in found] == [Kind.unknown]
    assert found[0].bad == 0.8
    assert "“owl”" in found[0].says


def test_a_background_that_matters_is_flagged_even_where_the_object_is_undecided():
    background = Interval(0.6, 0.2, 1.0, 4)
    shares = (Interval(0.4, -0.1, 0.9, 4), background)
    assert driver(FALL, shares, MARGIN, LEAST) is Driver.undecided
    found = flags_of("owl", Driver.undecided, background, [], MARGIN, suspect=True)
    assert [flag.kind for flag in found] == [Kind.shortcut]
    assert flags_of("owl", Driver.undecided, background, [], MARGIN) == []


def test_one_picture_tells_nothing_of_words():
    one = Interval(0.01, math.nan, math.nan, 1)
    assert (
        flags_of("owl", Driver.object, share(0.1), [HeardPhrase("diet", "x", *[one] * 4)], 0.02)
        == []
    )


def test_the_verdict_tells_nothing_found_from_not_looked_for():
    def said(hears, *, phrases=True, regions=("data",), flags=None, drivers=None):
        told = drivers or {"object-driven": 2}
        return verdict("clip", told, hears, flags or {}, Scope(phrases, regions))

    whole = "clip goes by the object itself for all 2 concepts. "
    assert said(Hears.nothing) == whole + "It likes to hear nothing beside the name. No flags."
    assert said("diet") == whole + "It likes to hear diet words. No flags."
    untested = said(Hears.untested, phrases=False)
    assert "nothing beside" not in untested
    assert "No words beside names were tested. No flags of those that were looked for." in untested
    assert "Spurious phrases and text priors were not looked for" in untested
    assert "is undecided. No flags." in said(Hears.undecided)
    assert "Shortcuts were not looked for" in said("diet", regions=("map",))
    assert "Of some concepts shortcuts were not" in said("diet", regions=("data", "map"))
    assert "It does not know 2 names." in said("diet", flags={"unknown name": 2})
    mixed = said("diet", drivers={"undecided": 3, "object-driven": 1})
    assert "the object itself for 1 of 4 concepts; too few pictures to tell for 3." in mixed
    assert "clip: too few pictures to tell for all 3" in said("diet", drivers={"undecided": 3})


def phrase(gain, elsewhere=0.0, transfer=0.0, text="it hunts"):
    return HeardPhrase(
        "habitat", text, *(share(x, 0.005) for x in (gain, elsewhere, transfer, 0.0))
    )


def kinds(drive, phrases):
    found = flags_of("owl", drive, share(0.9), phrases, MARGIN)
    return [flag.kind for flag in found]


def test_honest_words_and_an_honest_driver_raise_no_flag():
    assert kinds(Driver.object, [phrase(0.1)]) == []


@pytest.mark.parametrize("drive", [Driver.context, Driver.both])
def test_an_answer_that_follows_the_background_is_a_shortcut(drive):
    assert kinds(drive, [phrase(0.1)]) == [Kind.shortcut]


def test_words_that_gain_with_any_name_are_spurious():
    assert kinds(Driver.object, [phrase(0.1, transfer=0.09)]) == [Kind.spurious]


def test_words_that_gain_on_any_picture_are_a_text_prior():
    assert kinds(Driver.object, [phrase(0.1, elsewhere=0.09)]) == [Kind.prior]


def test_words_that_gain_nothing_are_no_phrase_to_warn_of():
    assert kinds(Driver.object, [phrase(0.01, 0.01, 0.01)]) == [Kind.name_only]
    assert kinds(Driver.object, []) == []


def test_flags_come_worst_first_and_carry_their_evidence():
    liked = phrase(0.1, elsewhere=0.09, transfer=0.09, text="Click to enlarge.")
    found = flags_of("owl", Driver.context, share(0.9), [liked], MARGIN)
    assert [flag.kind for flag in found] == [Kind.shortcut, Kind.spurious, Kind.prior]
    assert "90%" in found[0].says
    assert all(flag.phrase == "Click to enlarge." for flag in found[1:])
    assert all("0.090" in flag.says for flag in found[1:])
    assert all(0 <= flag.sure <= 1 and 0 <= flag.bad <= 1 for flag in found)
