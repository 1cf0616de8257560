import io

import pytest

from vlminterp import progress
from vlminterp.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines_of(clock, total, steps, seconds, done=0):
    stream = io.StringIO()
    with Progress(stream=stream) as shown, shown.track("explaining", total, done) as stage:
        for _ in range(steps):
            clock[0] += seconds
            stage.advance(2)
    return stream.getvalue().splitlines()


def test_log_has_a_line_every_ten_seconds_and_one_at_the_end(clock):
    lines = lines_of(clock, total=20, steps=10, seconds=4)
    assert lines == [
        "explaining: 6/20 pairs, 0.5/s, 0:28 left",
        "explaining: 12/20 pairs, 0.5/s, 0:16 left",
        "explaining: 18/20 pairs, 0.5/s, 0:04 left",
        "explaining: 20/20 pairs, 0.5/s, 0:40",
    ]


def test_what_an_earlier_run_did_counts_as_done_but_not_as_speed(clock):
    assert lines_of(clock, total=20, steps=1, seconds=4, done=10) == [
        "explaining: 12/20 pairs, 0.5/s, 0:04"
    ]


def test_a_last_short_batch_does_not_count_beyond_the_total(clock):
    assert lines_of(clock, total=20, steps=0, seconds=1, done=32)[-1].startswith(
        "explaining: 20/20 pairs"
    )


def test_unknown_total_counts_without_estimate(clock):
    assert lines_of(clock, total=None, steps=3, seconds=4) == [
        "explaining: 6 pairs, 0.5/s",
        "explaining: 6 pairs, 0.5/s, 0:12",
    ]


def test_a_stage_that_counts_nothing_says_only_how_long_it_took(clock):
    assert lines_of(clock, total=None, steps=0, seconds=0) == ["explaining: 0:00"]


def test_quiet_says_nothing_and_still_counts():
    stream = Terminal()
    with Progress(quiet=True, stream=stream) as shown, shown.track("explaining", 3) as stage:
        stage.advance(2)
    assert stream.getvalue() == ""
    assert stage.done == 2


def test_terminal_shows_stage_count_and_bar():
    stream = Terminal()
    with Progress(stream=stream) as shown:
        with shown.track("loading", None):
            pass
        with shown.track("[red]explaining", 8) as stage:
            stage.advance(8)
    assert "loading" in stream.getvalue()
    assert "[red]explaining" in stream.getvalue()
    assert "8/8 pairs" in stream.getvalue()


def test_an_error_ends_the_bar_and_passes_through():
    stream = io.StringIO()

    def interrupted():
        with Progress(stream=stream) as shown, shown.track("explaining", 8) as stage:
            stage.advance(3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().startswith("explaining: 3/8 pairs")


def test_default_stream_is_stderr(capsys):
    with Progress() as shown, shown.track("explaining", 1) as stage:
        stage.advance()
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "explaining: 1/1 pairs" in printed.err


def test_runs_of_a_sweep_are_told_apart_and_draw_no_bars_beside_each_other():
    stream = Terminal()
    shown = Progress(bars=False, label="run 2 of 6", stream=stream)
    with shown, shown.track("explaining", 4) as stage:
        stage.advance(4)
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("run 2 of 6: explaining: 4/4 pairs")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_stage_ends_with_its_remark(stream):
    with Progress(stream=stream) as shown, shown.track("explaining", 2) as stage:
        stage.advance(2)
        stage.remark = "reading 25 %, explaining 75 %"
    assert "(reading 25 %, explaining 75 %)" in stream.getvalue()
