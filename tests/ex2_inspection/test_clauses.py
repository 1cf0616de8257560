import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vlminterp_ex2.inspection.clauses import sentences, split

ENGLISH = st.lists(
    st.sampled_from(
        [
            "owl",
            "It",
            "has",
            "with",
            "which",
            "and",
            "that",
            "found",
            "in",
            "a",
            ",",
            ".",
            "!",
            "-",
            "(",
            ")",
            "big",
            "it's",
            "…",
            ";",
            "is",
            "“",
            "”",
        ]
    ),
    max_size=25,
).map(" ".join)


@given(st.one_of(ENGLISH, st.text(max_size=60)))
def test_clauses_are_in_order_and_hold_every_word(text):
    pieces = split(text)
    for before, after in itertools.pairwise(pieces):
        assert before.stop <= after.start
        assert before.sentence <= after.sentence
    for piece in pieces:
        assert re.search(r"[^\W_]", text[piece.start : piece.stop])
    held = "".join(text[piece.start : piece.stop] for piece in pieces)
    letters = [character for character in text if character.isalnum()]
    assert [character for character in held if character.isalnum()] == letters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An owl. It eats mice!", ["An owl.", "It eats mice!"]),
        ("It costs 1.10 a day", ["It costs 1.10 a day"]),
        ("One\ntwo; three", ["One", "two;", "three"]),
        ("“An owl.” It flies.", ["“An owl.”", "It flies."]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text, expected):
    assert [text[start:stop] for start, stop in sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An owl with big eyes.", ["An owl", "with big eyes."]),
        ("A bird that hunts mice.", ["A bird", "that hunts mice."]),
        ("People say that it hunts.", ["People say that it hunts."]),
        ("It is found in the woods.", ["It is found in the woods."]),
        ("A bird found in the woods.", ["A bird", "found in the woods."]),
        ("It is big and it eats mice.", ["It is big", "and it eats mice."]),
        ("A single, slender piece of ice.", ["A single, slender piece of ice."]),
        ("It helps with reading.", ["It helps with reading."]),
    ],
)
def test_clauses_begin_where_a_new_statement_does(text, expected):
    assert [text[piece.start : piece.stop] for piece in split(text)] == expected
