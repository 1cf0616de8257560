"""Pairs that need no files."""

from dataclasses import dataclass

from PIL import Image

from vlminterp.data.pairs import Pair, Source


@dataclass
class GreetingsConfig:
    """Options.

    Attributes:
        whom: Who is greeted.
    """

    whom: str = "world"


class GreetingsSource(Source):
    """Three greetings."""

    Config = GreetingsConfig

    def __init__(self, config):
        """Keeps the options."""
        self.config = config

    def pairs(self):
        """Yields them."""
        for index in range(3):
            text = "hello " * index + self.config.whom
            yield Pair(str(index), text, lambda: Image.new("RGB", (8, 8)))
