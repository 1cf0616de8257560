"""Keeps Pillow's warnings back while several threads read pictures."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

_LOCK = Lock()
_FILTERS: list[Any] = []
"""The filter, once for each thread that is in the block."""


@contextmanager
def without_pillow_warnings() -> Iterator[None]:
    """Ignores Pillow's warnings as long as any thread is in the block.

    `warnings.catch_warnings` puts back the filters that its thread has found, and these may be
    those of another thread's block. Here the first thread adds a filter, and the last removes it.
    """
    with _LOCK:
        if not _FILTERS:
            warnings.filterwarnings("ignore", module=r"PIL\.")
        _FILTERS.append(warnings.filters[0] if not _FILTERS else _FILTERS[0])
    try:
        yield
    finally:
        with _LOCK:
            added = _FILTERS.pop()
            if not _FILTERS:
                with suppress(ValueError):  # somebody else has replaced all filters since
                    warnings.filters.remove(added)  # type: ignore[attr-defined]
