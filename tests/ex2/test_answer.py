"""What the score hangs on beside what alignment came to say."""

import numpy as np
import pandas as pd
import pytest
from vlminterp_ex2.answer import agreement, came_to_say, hanging, sentence
from vlminterp_ex2.inspection.seeds import our_families

from vlminterp.description.verdict import Finding
from vlminterp.metrics.intervals import mean_interval

CONCEPTS = [f"c{number}" for number in range(20)]


def inspected(shuffled=0.0, copies=1, **gains):
    """One description of each concept that says all of these families."""
    rng = np.random.default_rng(0)
    rows = []
    for concept in CONCEPTS:
        row = {"concept": concept, "text": f"Of {concept}.", "families": list(gains)}
        for family in our_families().names:
            gain = gains.get(family)
            row[f"presence_{family}"] = None if gain is None else gain + rng.normal(0, 0.01)
            row[f"content_{family}"] = None
            row[f"deletion_{family}"] = None if gain is None else gain / 2
            row[f"shuffled_{family}"] = None if gain is None else shuffled
        rows += [row] * copies
    return pd.DataFrame(rows)


def changes(**means):
    rng = np.random.default_rng(1)
    return {family: rng.normal(means.get(family, 0), 0.05, 20) for family in our_families().names}


def told(table, change):
    found, more = hanging(table, CONCEPTS, 0.02), came_to_say(change)
    grown = {family: mean_interval(values) for family, values in change.items()}
    return found, more, sentence("vlm", found, more, grown, our_families())


def test_both_say_the_same():
    found, more, words = told(inspected(habitat=0.2, diet=0.01), changes(habitat=0.7))
    assert (found.verdict.family, more) == ("habitat", "habitat")
    assert agreement(found.verdict, more) is True
    assert words.startswith("vlm likes to hear where things are at home (habitat: +0.")
    assert "under shuffled classes +0.000" in words
    assert words.endswith("points): the two agree")


def test_what_decides_is_the_gain_over_a_neutral_phrase():
    """A deletion also makes the text shorter, which a VLM may mind whatever is said."""
    found, _, words = told(inspected(habitat=0.2, diet=0.01), changes())
    assert found.deletion.intervals()["habitat"].mean == pytest.approx(0.1)
    assert found.presence.intervals()["habitat"].mean == pytest.approx(0.2, abs=0.01)
    assert f"habitat: {found.presence.intervals()['habitat'].mean:+.3f}" in words


def test_they_may_disagree():
    found, more, words = told(inspected(habitat=0.2, diet=0.01), changes(diet=0.7))
    assert agreement(found.verdict, more) is False
    assert words.endswith("the two disagree")


def test_a_change_that_shows_nothing_neither_agrees_nor_disagrees():
    found, more, words = told(inspected(habitat=0.2, diet=0.01), changes())
    assert (found.verdict.family, agreement(found.verdict, more)) == ("habitat", None)
    assert words.endswith("alignment came to say no family more than the others")


def test_no_change_agrees_with_no_preference():
    found, more, words = told(inspected(habitat=0.0, diet=0.001), changes())
    assert (found.verdict.finding, more) == (Finding.nothing, None)
    assert agreement(found.verdict, more) is True
    assert "; of visual, kind, behaviour, spurious too little is said" in words


def test_what_any_picture_does_is_told_so():
    found, more, words = told(inspected(shuffled=0.2, habitat=0.2, diet=0.01), changes())
    assert found.verdict.finding is Finding.any_picture
    assert "likes habitat words with any picture" in words
    assert agreement(found.verdict, more) is None


@pytest.mark.parametrize(
    ("finding", "null", "gains"),
    [
        (Finding.preferred, 0.01, {"habitat": 0.2, "diet": 0.01}),
        (Finding.any_picture, 0.2, {"habitat": 0.2, "diet": 0.01}),
        (Finding.nothing, 0.01, {"habitat": 0.002, "diet": 0.001}),
        (Finding.undecided, 0.01, {"habitat": 0.2, "diet": 0.2}),
    ],
)
def test_every_answer_stands_beside_its_null(finding, null, gains):
    found, _, words = told(inspected(shuffled=null, **gains), changes())
    assert found.verdict.finding is finding
    assert f"under shuffled classes {null:+.3f}" in words


def test_two_that_grow_alike_do_not_stand_out():
    assert came_to_say(changes(diet=0.5, kind=0.5)) is None
    assert came_to_say(changes(diet=0.02)) is None


def test_repeated_texts_count_once():
    once, thrice = (
        hanging(inspected(copies=n, diet=0.2, kind=0.1), CONCEPTS, 0.02) for n in (1, 3)
    )
    np.testing.assert_array_equal(once.presence.per_concept, thrice.presence.per_concept)


def test_descriptions_that_hardly_say_anything_decide_nothing():
    table = inspected(diet=0.2, kind=0.1)
    empty = [table.assign(text=f"{number}", families=[[]] * 20) for number in range(9)]
    silent = pd.concat([table, *empty])
    assert hanging(silent, CONCEPTS, 0.02).verdict.finding is Finding.unsaid
    assert pytest.approx(0.1) == silent["families"].map(len).gt(0).mean()
