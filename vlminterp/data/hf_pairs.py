"""A Hugging Face data set of pictures and captions, read as a stream: `data=hf_pairs`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from vlminterp.data.hf_dataset import in_one_line, local_folder
from vlminterp.data.ids import UniqueIds
from vlminterp.data.images import read_image
from vlminterp.data.pairs import Pair, Source, unusable
from vlminterp.data.stamps import digest_of, stamp
from vlminterp.errors import ConfigError, InputError
from vlminterp.paths import printable


@dataclass
class HFPairsConfig:
    """Options of `data=hf_pairs`.

    Attributes:
        path: A folder (of parquet files, of tar files, or an image folder with captions), or the
            name of a data set on the hub.
        subset: Name of one of the data set's configurations; null where it has only one.
        split: Name of the split.
        revision: Branch, tag or commit on the hub; null takes the newest.
        image: The column of pictures.
        text: The column of captions; of a list of captions the first is taken.
        limit: Maximum number of pairs, unusable ones included, ≥ 1; null takes all.
    """

    free_text: ClassVar = ("path",)

    path: str
    subset: str | None = None
    split: str = "train"
    revision: str | None = None
    image: str = "image"
    text: str = "text"
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"data.limit={self.limit} must be at least 1, or null for all")


class HFPairsSource(Source):
    """Yields the rows of a data set one at a time; nothing of it is listed, or kept on disk."""

    Config = HFPairsConfig

    def __init__(self, config: HFPairsConfig) -> None:
        """Opens the data set.

        Raises:
            ConfigError: `datasets` is not installed, or there is no such column.
            InputError: The data set can't be found or read.
        """
        if find_spec("datasets") is None:
            raise ConfigError("data=hf_pairs needs datasets: pip install 'vlminterp[data]'")
        self._config = config
        self._folder = local_folder(config.path)
        self._rows = self._opened()

    def pairs(self) -> Iterator[Pair]:
        """Yields a pair for each row."""
        return islice(self._all(), self._config.limit)

    def count(self) -> int | None:
        """Returns the number of rows where the data set says it."""
        splits = getattr(self._rows.info, "splits", None) or {}
        whole = splits[self._config.split].num_examples if self._config.split in splits else None
        limit = self._config.limit
        return whole or None if limit is None or not whole else min(whole, limit)

    def listing(self) -> str:
        """Returns a digest of the local files' names and stamps, or the hub's commit."""
        if self._folder is None:
            return digest_of([(self._config.path, self._commit())])
        files = sorted(file for file in self._folder.rglob("*") if file.is_file())
        return digest_of(
            [(file.relative_to(self._folder).as_posix(), stamp(file)) for file in files]
        )

    def _commit(self) -> str:
        from huggingface_hub import HfApi

        with in_one_line(self._config.path):
            found = HfApi().dataset_info(self._config.path, revision=self._config.revision)
        return str(found.sha)

    def _opened(self) -> Any:
        import datasets  # slow

        config, where = self._config, str(self._folder or self._config.path)
        with in_one_line(where):
            rows = datasets.load_dataset(
                where, config.subset, split=config.split, revision=config.revision, streaming=True
            )
            columns = rows.column_names or list(next(iter(rows), {}))
            for option, column in (("image", config.image), ("text", config.text)):
                if column not in columns:
                    raise ConfigError(
                        f"data.{option}={column}: no such column; columns: {', '.join(columns)}"
                    )
            rows = rows.select_columns([config.image, config.text])
            # A picture is decoded by our own reader, when its batch comes.
            return rows.cast_column(config.image, datasets.Image(decode=False))

    def _all(self) -> Iterator[Pair]:
        unique = UniqueIds()
        with in_one_line(self._config.path):
            for place, row in enumerate(self._rows):
                yield self._pair(unique(f"row-{place:06d}", place), row)

    def _pair(self, id: str, row: Mapping[str, Any]) -> Pair:  # noqa: A002  it is the pair's `id`
        text, picture = row[self._config.text], row[self._config.image]
        if isinstance(text, list) and text:
            text = text[0]
        if not isinstance(text, str) or not text.strip():
            return unusable(id, "", f"{id}: the caption is empty, or no text")
        return Pair(id, printable(text.strip()), partial(_read, picture, id))


def _read(picture: Mapping[str, Any] | None, place: str) -> Image.Image:
    if picture is None or not (picture["bytes"] or picture["path"]):
        raise InputError(f"{place}: no picture")
    try:
        return read_image(picture["bytes"] or Path(picture["path"]))
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
