"""CounterAnimal (Wang et al., NeurIPS 2024): `data=counter_animal`, animals on two backgrounds.

Each animal has a folder such as `80 black grouse`, with one folder of pictures on a background that
is common for it, `common-…`, and one on which CLIP models fail, `counter-…`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vlminterp.data.classes import Listing, member
from vlminterp.data.folder import entries_of, pictures_below
from vlminterp.data.names import repaired
from vlminterp.data.splits import SplitConfig, SplitSource
from vlminterp.errors import InputError
from vlminterp.paths import existing_folder, printable

_SPLITS = ("common", "counter")
_NUMBER = re.compile(r"^\d+[\s_-]+")


@dataclass
class CounterAnimalConfig(SplitConfig):
    """Options of `data=counter_animal`: `path` holds `80 black grouse/common-…/` and so on."""

    split: str = "common"
    held_out: int | float | str = "counter"


class CounterAnimalSource(SplitSource):
    """Yields animals, with pictures on a common background and on one that is not."""

    Config = CounterAnimalConfig

    def __init__(self, config: CounterAnimalConfig) -> None:
        """Lists the animals.

        Raises:
            ConfigError: There is no such split.
            InputError: There is no such folder, or no animal in it.
        """
        self._root = existing_folder(config.path, "folder of CounterAnimal")
        folders = [entry for entry in entries_of(self._root) if entry.is_dir()]
        self._animals = [folder for folder in folders if any(map(_split_of, entries_of(folder)))]
        if not self._animals:
            raise InputError(
                f"CounterAnimal: no folder in {self._root} has folders common-… and counter-…"
            )
        super().__init__(config, _SPLITS)

    def _listings(self, split: str) -> Iterator[Listing]:
        for animal in self._animals:
            folders = [entry for entry in entries_of(animal) if _split_of(entry) == split]
            pictures = [
                member(picture, self._root) for own in folders for picture in pictures_below(own)
            ]
            name = repaired(_NUMBER.sub("", animal.name))
            yield Listing(printable(animal.name), name, pictures)


def _split_of(folder: Path) -> str | None:
    """Returns the split that a folder of pictures belongs to; None for any other folder."""
    kind = folder.name.lower().partition("-")[0]
    return kind if folder.is_dir() and kind in _SPLITS else None
