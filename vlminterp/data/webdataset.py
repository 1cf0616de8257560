"""Pairs in tar files, as webdataset and img2dataset write them: `data=webdataset`."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.data.ids import UniqueIds
from vlminterp.data.images import read_image
from vlminterp.data.masks import read_mask
from vlminterp.data.pairs import Pair, Source, unusable
from vlminterp.data.picture_formats import SUFFIXES
from vlminterp.data.stamps import digest_of, stamp
from vlminterp.data.tar_index import Member, Sample, samples
from vlminterp.errors import ConfigError, InputError
from vlminterp.paths import printable

MASK = "mask.png"
_BRACES = re.compile(r"\{(\d+)\.\.(\d+)\}")


@dataclass
class WebdatasetConfig:
    """Options of `data=webdataset`.

    Attributes:
        path: Tar files: one, a folder of them, a pattern (`shards/*.tar`), or numbers in braces
            (`s3://bucket/{00000..00099}.tar`); addresses as fsspec knows them.
        text: The caption's member, `txt`, or a key of the sample's `json`, such as `json.caption`.
        limit: Maximum number of pairs, unusable ones included, ≥ 1; null takes all.
    """

    free_text: ClassVar = ("path",)

    path: str
    text: str = "txt"
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} must be at least 1, or null for all")
        if not self.text.strip():
            raise ConfigError("data.text is empty; give a member, such as txt or json.caption")


class WebdatasetSource(Source):
    """Yields the samples of tar files that have a picture, one at a time.

    A picture is `KEY.jpg`, `KEY.png` …, its caption `KEY.txt`, and what the caption names
    `KEY.mask.png`, where it is known.
    """

    Config = WebdatasetConfig

    def __init__(self, config: WebdatasetConfig) -> None:
        """Finds the tar files.

        Raises:
            InputError: There are none.
        """
        self._config = config
        self._shards = shards_of(config.path)

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for each picture; one for each damaged tar file, which says so."""
        return islice(self._all(), self._config.limit)

    def listing(self) -> str:
        """Returns a digest of the tar files' names and stamps; those elsewhere by name alone."""
        local = [(shard, "" if "://" in shard else stamp(Path(shard))) for shard in self._shards]
        return digest_of(local)

    def _all(self) -> Iterator[Pair]:
        unique, place = UniqueIds(), 0
        for shard in self._shards:
            try:
                for sample in samples(shard, self._config.text.partition(".")[0]):
                    place += 1
                    if pair := self._pair(unique(printable(sample.key), place), sample):
                        yield pair
            except InputError as error:
                place += 1
                yield unusable(unique(printable(Path(shard).name), place), "", str(error))

    def _pair(self, id: str, sample: Sample) -> Pair | None:  # noqa: A002  it is the pair's `id`
        picture = next((m for s, m in sample.members.items() if f".{s}" in SUFFIXES), None)
        if picture is None:
            return None
        try:
            text = self._text(sample)
        except InputError as error:
            return unusable(id, "", f"{picture.shard}, {sample.key}: {error}")
        mask = sample.members.get(MASK)
        load_mask = None if mask is None else partial(_read_mask, mask, picture)
        return Pair(id, text, partial(_read_picture, picture), load_mask)

    def _text(self, sample: Sample) -> str:
        suffix, _, key = self._config.text.partition(".")
        content = sample.contents.get(suffix)
        if content is None:
            if suffix in sample.members:
                raise InputError(f".{suffix} is too large to hold a caption")
            raise InputError(f"no member .{suffix}; data.text names the caption's")
        try:
            found = content.decode()
            value = json.loads(found).get(key) if key else found
        except (ValueError, AttributeError, RecursionError) as error:
            raise InputError(f".{suffix} can't be read as text ({error})") from error
        if not isinstance(value, str) or not value.strip():
            raise InputError("the caption is empty")
        return printable(value.strip())


def shards_of(path: str) -> Sequence[str]:
    """Returns the tar files that a path names, sorted where the file system lists them.

    Raises:
        InputError: There are none.

    Example:
        >>> shards_of("s3://bucket/{08..10}.tar")
        ['s3://bucket/08.tar', 's3://bucket/09.tar', 's3://bucket/10.tar']
    """
    if (braces := _BRACES.search(path)) is not None:
        first, last = braces.groups()
        numbers = range(int(first), int(last) + 1)
        named = [f"{number:0{len(first)}d}" for number in numbers]
        return [path[: braces.start()] + one + path[braces.end() :] for one in named]
    if "://" in path:
        return [path]
    local = Path(path).expanduser()
    pattern = local / "*.tar" if local.is_dir() else local
    found = sorted(map(str, pattern.parent.glob(pattern.name)))
    if not found:
        raise InputError(f"data.path={path}: no tar file there")
    return found


def _read_picture(member: Member) -> Image.Image:
    return read_image(member.read())


def _read_mask(mask: Member, picture: Member) -> NDArray[np.bool_]:
    return read_mask(mask.read(), picture.read())
