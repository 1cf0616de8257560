"""Empty texts are no descriptions: in no denominator, and before no judge."""

import numpy as np
import pandas as pd
from vlminterp_ex2.answer import said_share
from vlminterp_ex2.inspection.judge_stage import choose
from vlminterp_ex2.inspection.shares import empty_share, shares


def row(concept, text, *families, visual=None):
    told = {"concept": concept, "policy": "base", "text": text, "families": list(families)}
    return {**told, "informative": bool(set(families) - {"spurious"}), "visual": visual}


ROWS = [
    row("owl", "It has big eyes.", "visual", visual=True),
    row("owl", "Click here.", "spurious"),
    row("owl", ""),
    row("owl", ""),
    row("bat", ""),
]


def test_empty_texts_have_no_share():
    found = shares(pd.DataFrame(ROWS), ["owl", "bat"], ["visual", "spurious"])
    assert found["uninformative"][0] == 0.5  # with the empty ones it would be .75
    assert (found["says_visual"][0], found["says_spurious"][0]) == (0.5, 0.5)
    assert all(np.isnan(values[1]) for values in found.values())
    assert empty_share(pd.DataFrame(ROWS), ["owl", "bat"]).tolist() == [0.5, 1.0]
    assert said_share(pd.DataFrame(ROWS)) == 1.0


def test_empty_texts_are_not_judged():
    assert choose(ROWS, 0) == [0, 1]
    assert choose(ROWS, 1) == [0]
