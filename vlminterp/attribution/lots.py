"""Draws pairs at random by their ids: the same in every run, however it was interrupted."""

import hashlib


def lot(seed: int, name: str) -> float:
    """Returns what a pair is drawn by, evenly distributed over 0 ≤ lot < 1.

    Args:
        seed: The run's seed.
        name: The pair's id.
    """
    digest = hashlib.sha256(f"{seed} {name}".encode("utf-8", "backslashreplace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
