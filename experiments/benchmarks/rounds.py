"""Times contenders in turn on one thread, in processor seconds, for all benchmarks of speed.

Other work may share the machine. So the processor's seconds are counted, not the clock's; the
contenders take turns, so that load affects all alike; and of several times the least is taken, the
one least disturbed. The machine's own rate of matrix products is measured in the same rounds.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

RATE = "matrix products"
"""The name under which `least_seconds` returns the time of `RATE_OPERATIONS` operations."""
SHAPES = ((50, 768, 3072), (800, 768, 3072), (800, 3072, 768))
"""Rows, inner and outer size: a picture's tokens, or sixteen pictures', in an MLP of ViT-B/32."""
RATE_OPERATIONS = 10**10


def least_seconds(
    contenders: Mapping[str, Callable[[], Any]], rounds: int, say: Callable[[str], Any] = print
) -> dict[str, float]:
    """Times contenders, and the machine's matrix products, in turn.

    Args:
        contenders: Functions by name.
        rounds: Number of turns of each, ≥ 3.
        say: Called with one line after each round.

    Returns:
        The least processor seconds of each, by name; under `RATE` those of `RATE_OPERATIONS`
        operations in matrix products, of the shape at which the machine is fastest.

    Raises:
        ValueError: There are fewer than three rounds, or torch runs on more than one thread.
    """
    if rounds < 3:
        raise ValueError(f"rounds={rounds} must be at least 3: a single time says little")
    if torch.get_num_threads() != 1:
        raise ValueError("seconds of the processor are compared on one thread")
    taken: dict[str, list[float]] = {name: [] for name in (*contenders, RATE)}
    for number in range(rounds):
        for name, work in contenders.items():
            taken[name].append(_seconds(work))
        taken[RATE].append(min(_products(*shape) for shape in SHAPES))
        say(f"round {number + 1}: " + ", ".join(f"{n} {t[-1]:.2f} s" for n, t in taken.items()))
    return {name: min(times) for name, times in taken.items()}


def share_of_rate(operations: float, seconds: float, rate_seconds: float) -> float:
    """Returns which share of the machine's rate of matrix products a time comes to.

    Args:
        operations: Number of operations that the work needs at least.
        seconds: The time that it took.
        rate_seconds: The time of `RATE_OPERATIONS` in matrix products.

    Raises:
        ValueError: The share is above 1, so that one of the three is wrong.
    """
    share = (operations / seconds) / (RATE_OPERATIONS / rate_seconds)
    if share > 1:
        raise ValueError(f"{share:.0%} of the machine's rate: a time or a count is wrong")
    return share


def _products(rows: int, inner: int, outer: int) -> float:
    """Returns the processor seconds of `RATE_OPERATIONS` in products of one shape."""
    tall, wide = torch.randn(rows, inner), torch.randn(inner, outer)
    operations = 2 * rows * inner * outer
    count = round(RATE_OPERATIONS / operations)
    seconds = _seconds(lambda: [tall @ wide for _ in range(count)])
    return seconds * RATE_OPERATIONS / (operations * count)


def _seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
