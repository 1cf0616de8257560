"""CUB-200-2011 as Caltech distributes it: `data=cub data.path=CUB_200_2011`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vlminterp.data.classes import ClassPicture, Listing, member
from vlminterp.data.names import repaired
from vlminterp.data.splits import SplitConfig, SplitSource
from vlminterp.errors import InputError
from vlminterp.paths import printable

_TABLES = ("classes.txt", "images.txt", "image_class_labels.txt", "train_test_split.txt")
_SPLITS = {"train": "1", "test": "0"}
# CUB's names lack their apostrophes, and "Artic" lacks a letter.
_SPECIAL = {
    "Artic_Tern": "Arctic Tern",
    "Chuck_will_Widow": "Chuck-will's-widow",
    "Forsters_Tern": "Forster's Tern",
    "Whip_poor_Will": "Whip-poor-will",
}
_DISCOVERERS = re.compile(
    "^(Anna|Baird|Bewick|Brandt|Brewer|Clark|Harris|Heermann|Henslow|Le_Conte|Lincoln|Nelson|Scott|"
    "Swainson|Wilson)_"
)


@dataclass
class CUBConfig(SplitConfig):
    """Options of `data=cub`: `path` is `CUB_200_2011` with its `images.txt`."""


class CUBSource(SplitSource):
    """Yields the bird species of CUB-200-2011."""

    Config = CUBConfig

    def __init__(self, config: CUBConfig) -> None:
        """Reads the tables.

        Raises:
            ConfigError: There is no such split.
            InputError: A table or the picture folder is missing, or a line is malformed.
        """
        self._root = Path(config.path).expanduser()
        missing = [name for name in _TABLES if not (self._root / name).is_file()]
        if not (self._root / "images").is_dir():
            missing.append("images/")
        if missing:
            raise InputError(
                f"CUB-200-2011: {self._root} lacks {', '.join(missing)}; extract CUB_200_2011.tgz "
                "from https://data.caltech.edu/records/65de6-vp158 and name its CUB_200_2011"
            )
        super().__init__(config, tuple(_SPLITS))

    def files(self) -> Iterable[Path]:
        """Returns the paths of the tables."""
        return [self._root / name for name in _TABLES]

    def _listings(self, split: str) -> Iterator[Listing]:
        classes, images, labels, training = (self._table(name) for name in _TABLES)
        folder = self._root / "images"
        members: dict[str, list[ClassPicture]] = {label: [] for label in classes}
        for image, path in images.items():
            if image not in training or labels.get(image) not in members:
                raise InputError(f"CUB-200-2011: image {image} of images.txt has no class or split")
            if training[image] == _SPLITS[split]:
                members[labels[image]].append(member(folder / path, folder))
        for label, raw in classes.items():
            yield Listing(printable(raw), bird(raw), members[label])

    def _table(self, name: str) -> dict[str, str]:
        """Reads a table of ids and values."""
        rows = {}
        path = self._root / name
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            key, _, value = line.strip().partition(" ")
            if not value:
                raise InputError(f"{path}, line {number}: no id and value in '{printable(line)}'")
            rows[key] = value
        return rows


def bird(raw: str) -> str:
    """Returns the English name of a class of CUB.

    Its makers replaced hyphens by underscores before a small letter, and left out apostrophes.

    Example:
        >>> bird("022.Chuck_will_Widow"), bird("126.Nelson_Sharp_tailed_Sparrow")
        ("Chuck-will's-widow", "Nelson's Sharp-tailed Sparrow")
    """
    name = raw.partition(".")[2] or raw
    if name in _SPECIAL:
        return _SPECIAL[name]
    name = _DISCOVERERS.sub(r"\1's_", name)
    return repaired(re.sub(r"_(?=[a-z])", "-", name))
