"""Axes: round numbers along a line, and the positions of values on it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from vlminterp.drawing.numbers import decimals, round_step

FEW = 5
"""The approximate number of steps between the ends of an axis."""


@dataclass(frozen=True)
class Axis:
    """A stretch of the number line that begins and ends at round numbers.

    Attributes:
        ticks: Evenly spaced round numbers, at least two; the first and last are the ends.
        places: Decimals that tell the ticks apart.
    """

    ticks: tuple[float, ...]
    places: int

    @classmethod
    def over(cls, values: Iterable[float], *, zero: bool = False) -> Self:
        """Returns the shortest axis with round ends that holds the values.

        Args:
            values: Values to hold; those not finite are left out. 0 … 1 if none is left.
            zero: Whether the axis must include 0.

        Example:
            >>> Axis.over([0.012, 0.083], zero=True).labels()
            ['0.00', '0.02', '0.04', '0.06', '0.08', '0.10']
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        step = round_step((high - low) / FEW)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        ticks = tuple(round(index * step, 12) for index in range(first, last + 1))
        return cls(ticks, places=max(-math.floor(math.log10(step) + 1e-9), 0))

    def place(self, value: float, start: float, stop: float) -> float:
        """Returns the position of a value if the axis is drawn from `start` to `stop`."""
        low, high = self.ticks[0], self.ticks[-1]
        return start + (stop - start) * (value - low) / (high - low)

    def labels(self) -> list[str]:
        """Returns the labels of the ticks."""
        return [decimals(tick, self.places) for tick in self.ticks]
