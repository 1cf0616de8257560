"""Pillow's warnings are kept back by several threads, and nothing of that is left behind."""

import threading
import warnings

import pytest

from vlminterp.data.quiet import without_pillow_warnings


def warn(module):
    warnings.warn_explicit("broken metadata", UserWarning, f"{module}.py", 1, module=module)


def test_threads_that_overlap_leave_the_filters_as_they_were():
    before = list(warnings.filters)
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with without_pillow_warnings():
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with without_pillow_warnings():
        other.start()
        assert inside.wait(10)
    warn("PIL.TiffImagePlugin")  # the other thread is inside still
    leave.set()
    other.join()
    assert warnings.filters == before
    with pytest.warns(UserWarning, match="broken metadata"):
        warn("PIL.TiffImagePlugin")


def test_others_warn_as_ever():
    with pytest.warns(UserWarning, match="broken metadata"), without_pillow_warnings():
        warn("somebody")
