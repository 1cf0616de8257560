"""One pair, given on the command line: `data=pair data.image=cat.jpg 'data.text=a cat'`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from vlminterp.data.pairs import Pair, Source, pair_of
from vlminterp.errors import ConfigError
from vlminterp.paths import existing_file


@dataclass
class PairConfig:
    """Options of `data=pair`.

    Attributes:
        image: Path of a picture.
        text: Its caption, not empty.
    """

    free_text: ClassVar = ("image", "text")

    image: str
    text: str

    def __post_init__(self) -> None:
        if not self.image.strip():
            raise ConfigError("data.image is empty; give the path of a picture")
        if not self.text.strip():
            raise ConfigError("data.text is empty; give a caption")


class PairSource(Source):
    """Yields the one pair of the command line."""

    Config = PairConfig

    def __init__(self, config: PairConfig) -> None:
        """Finds the picture.

        Raises:
            InputError: There is no such file.
        """
        self.image = existing_file(config.image, "picture")
        self.text = config.text

    def pairs(self) -> Iterator[Pair]:
        """Yields the one pair."""
        yield pair_of(self.image, self.text)

    def count(self) -> int:
        """Returns 1, the number of pairs."""
        return 1

    def files(self) -> Iterable[Path]:
        """Returns the path of the picture."""
        return (self.image,)
