"""What took how long, in a file that nothing else depends on."""

from contextlib import suppress

import pytest

from vlminterp.errors import ResultsError
from vlminterp.results.timings import TIMINGS, Stopwatch, note_time, shares


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to."""
    now = [0.0]
    monkeypatch.setattr("vlminterp.results.timings.time.perf_counter", lambda: now[0])

    def pass_by(seconds):
        now[0] += seconds

    return pass_by


def test_blocks_and_items_are_timed_by_kind(clock):
    def slow():
        for number in range(3):
            clock(2)
            yield number

    watch = Stopwatch()
    for _ in watch.each("reading", slow()):
        with watch.time("writing"):
            clock(1)
        clock(50)
    assert watch.seconds == {"reading": 6, "writing": 3}
    before = {**watch.seconds}
    with suppress(ZeroDivisionError), watch.time("writing"):
        clock(4)
        raise ZeroDivisionError
    assert watch.since(before) == {"reading": 0, "writing": 4}


def test_shares_are_in_words():
    assert shares({"reading": 1.0, "explaining": 3.0, "drawing": 0.0}) == (
        "reading 25 %, explaining 75 %"
    )
    assert shares({}) == ""


def test_a_file_that_can_not_be_written_is_one_line(tmp_path):
    (tmp_path / TIMINGS).mkdir()
    with pytest.raises(ResultsError, match=TIMINGS):
        note_time(tmp_path, part=0, reading=1.0)
