"""Gains against slow loops and made-up truths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlminterp.description.bank import Bank, BankRow
from vlminterp.description.gains import Gains, content_gains, presence_gains

NAMES = ("owl", "eagle", "whale")
FAMILIES = ("diet", "home", "spurious")


def framed_bank():
    rows = []
    for frame in ("See {concept}.", "{Concept}."):
        rows += [BankRow("", "", frame, frame), BankRow("", "spurious", f"{frame} Click.", frame)]
        for name in NAMES:
            rows += [
                BankRow(name, "diet", f"{frame} It eats {name[0]}1.", frame),
                BankRow(name, "diet", f"{frame} Food: {name[0]}1.", frame),
                BankRow(name, "home", f"{frame} In {'sea' if name == 'whale' else 'air'}.", frame),
            ]
    # One frame says more than the other: else comparing across frames would cancel out.
    rows += [
        BankRow(name, "diet", f"See {{concept}}. {name[0]}1 it eats.", rows[0].frame)
        for name in NAMES
    ]
    return Bank(rows, NAMES, NAMES)


def slow_presence(bank, scores, concept, family):
    rows = list(zip(bank.said, scores, strict=True))
    differences = []
    for said, score in rows:
        if (said.about, said.family) == (concept, family):
            neutral = [
                value
                for other, value in rows
                if (other.about, other.family) == (concept, "")
                and (other.frame == said.frame or not said.frame)
            ]
            differences.append(score - np.mean(neutral))
    return np.mean(differences) if differences else np.nan


def slow_content(bank, scores, swapped, swapped_scores, concept, family):
    differences = []
    for row, (said, score) in enumerate(zip(bank.said, scores, strict=True)):
        found = [v for s, v in zip(swapped, swapped_scores, strict=True) if s.row == row]
        if (said.about, said.family) == (concept, family) and found:
            differences.append(score - np.mean(found))
    return np.mean(differences) if differences else np.nan


@given(st.integers(0, 2**32), st.booleans())
def test_slow_twins(seed, framed):
    bank = framed_bank()
    if not framed:
        rows = [BankRow(NAMES[s.about], s.family, s.text) for s in bank.said]
        bank = Bank(rows, NAMES, NAMES)
    generator = np.random.default_rng(seed)
    swapped = framed_bank().swapped(2, seed=seed)
    scores, others = generator.normal(size=len(bank.said)), generator.normal(size=len(swapped))
    presence = presence_gains(bank.said, scores, FAMILIES, 3)
    content = content_gains(bank.said, scores, swapped, others, FAMILIES, 3)
    for concept in range(3):
        for column, family in enumerate(FAMILIES):
            assert presence.per_concept[concept, column] == pytest.approx(
                slow_presence(bank, scores, concept, family)
            )
            assert content.per_concept[concept, column] == pytest.approx(
                slow_content(bank, scores, swapped, others, concept, family), nan_ok=True
            )


def test_a_vlm_that_likes_mere_words_and_one_that_reads():
    """Scores made by hand: +1 for any diet words, +2 more for true ones, +0.5 for boilerplate."""
    bank = framed_bank()
    swapped = bank.swapped(2)

    def like(about, text):
        food = "eats" in text or "Food" in text
        return 1.0 * food + 2.0 * (food and f"{NAMES[about][0]}1" in text) + 0.5 * ("Click" in text)

    scores = [like(said.about, said.text) for said in bank.said]
    others = [like(bank.said[swap.row].about, swap.text) for swap in swapped]
    presence = presence_gains(bank.said, scores, FAMILIES, 3)
    content = content_gains(bank.said, scores, swapped, others, FAMILIES, 3)
    assert {f: i.mean for f, i in presence.intervals().items()} == {
        "diet": 3.0, "home": 0.0, "spurious": 0.5,
    }  # fmt: skip
    assert {f: i.mean for f, i in content.intervals().items()} == {"diet": 2.0, "home": 0.0}
    assert presence.ranking() == ["diet", "spurious", "home"]
    assert content.ranking() == ["diet", "home"]


def test_concepts_count_alike_however_many_descriptions_they_have():
    gains = Gains(("x",), np.array([[1.0], [2.0], [np.nan], [6.0]]))
    interval = gains.intervals()["x"]
    assert (interval.mean, interval.n) == (3.0, 3)
    rows = [
        BankRow("", "", "n"),
        *[BankRow("owl", "x", f"a{i}") for i in range(9)],
        BankRow("whale", "x", "b"),
    ]
    bank = Bank(rows, NAMES, NAMES)
    scores = [0, 0, 0, *[1] * 9, 3]
    found = presence_gains(bank.said, scores, ("x",), 3)
    assert found.intervals()["x"].mean == 2.0


def test_intervals_cover_the_truth():
    """Gains vary between concepts; 95 % intervals over 30 concepts hold the mean mostly."""
    generator = np.random.default_rng(0)
    held = [
        interval.low <= 1 <= interval.high
        for _ in range(200)
        for interval in [Gains(("x",), generator.normal(1, 3, (30, 1))).intervals()["x"]]
    ]
    assert 0.88 <= np.mean(held) <= 0.99
