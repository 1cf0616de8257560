"""Sizes of a run's parts: later parts hold more batches, so that a long run has few files.

The size depends on a part's number alone, so that a resumed run has the same parts whatever was
known of its length. A killed process loses the part that it works on: a batch, or at most a
sixtieth of what a run has done.
"""

SIZES = ((0, 1), (1000, 16), (2000, 64))
"""The first part of each size, and its number of batches."""


def batches_in(part: int) -> int:
    """Returns the number of batches in a part.

    Example:
        >>> [batches_in(part) for part in (0, 999, 1000, 5000)]
        [1, 1, 16, 64]
    """
    return next(size for first, size in reversed(SIZES) if part >= first)
