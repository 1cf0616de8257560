"""Which part of a response counts, and what texts look like."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vlminterp_ex2.texts import complete, distinct, names_concept


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("An owl. It hunts at ni", "An owl."),
        ("An owl! Is it grey? Ye", "An owl! Is it grey?"),
        ('He said "an owl." And th', 'He said "an owl."'),
        ("It is 3.5 metres", ""),
        ("It is 3.5 metres. The", "It is 3.5 metres."),
        ("Night falls,\nan ow", "Night falls,"),
        ("no end", ""),
        ("", ""),
    ],
)
def test_what_ran_out_of_tokens_ends_with_its_last_sentence(response, expected):
    assert complete(response, finished=False) == expected


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_what_counts_is_a_beginning_without_space_around_it(response, finished):
    text = complete(response, finished=finished)
    assert text == text.strip()
    assert response.strip().startswith(text)
    assert not finished or text == response.strip()


@settings(deadline=None)
@given(st.text(alphabet="ab. \n", max_size=30))
def test_cutting_again_changes_nothing(response):
    once = complete(response, finished=False)
    assert once.endswith(".") or "\n" in response or not once
    if once.endswith("."):
        assert complete(once, finished=False) == once


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("An OWL sits.", "owl", True),
        ("Owls sit.", "owl", True),
        ("Two foxes.", "fox", True),
        ("A bowl of growls.", "owl", False),
        ("A Persian cat's eye", "Persian cat", True),
        ("c++ is no pet", "c++", True),
    ],
)
def test_names_are_whole_words(text, name, expected):
    assert names_concept(text, name) is expected


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=5), max_size=5), st.integers(1, 3))
def test_distinct_counts_n_grams(texts, n):
    grams = [
        "-".join(words[place : place + n])
        for words in texts
        for place in range(len(words))
        if place + n <= len(words)
    ]
    expected = len(set(grams)) / len(grams) if grams else None
    assert distinct([" ".join(words) for words in texts], n) == expected
