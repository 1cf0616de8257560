"""No id repeats, and ids are the same every time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.data.ids import UniqueIds


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "a#2", "a#3", "b#1", "\ud800"]), max_size=12))
def test_no_id_repeats(names):
    def ids():
        unique = UniqueIds()
        return [unique(name, row) for row, name in enumerate(names, start=1)]

    assert len(set(ids())) == len(names)
    assert ids() == ids()


def test_a_suffix_that_is_an_id_itself_is_no_repeat():
    unique = UniqueIds()
    assert [unique(name, row) for row, name in enumerate(["a", "a#3", "a"], 1)] == [
        "a",
        "a#3",
        "a#3#3",
    ]


def test_different_ids_are_left_alone():
    unique = UniqueIds()
    assert all(unique(f"id {row}", row) == f"id {row}" for row in range(100_000))
