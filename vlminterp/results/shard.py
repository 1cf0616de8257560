"""A share of a run's parts, for machines that have no folder in common."""

import re
from dataclasses import dataclass
from typing import Self

from vlminterp.errors import ConfigError

_FORM = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True)
class Shard:
    """Every n-th part.

    Attributes:
        place: The first part, 0 … `count` - 1.
        count: Number of shards, ≥ 1.
    """

    place: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `1/8`, the first of eight.

        Raises:
            ConfigError: The text has another form.

        Example:
            >>> Shard.parse("2/3")
            Shard(place=1, count=3)
        """
        found = _FORM.fullmatch(text.strip())
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"shard={text} must be one of 1/N … N/N, such as 1/8")
        return cls(int(found[1]) - 1, int(found[2]))

    def has(self, number: int) -> bool:
        """Tells whether a part belongs to this shard."""
        return number % self.count == self.place
