"""A Hugging Face data set with labelled pictures: `data=hf_dataset data.path=…`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from vlminterp.data.classes import ClassPicture, Listing
from vlminterp.data.copies import EncodedPicture
from vlminterp.data.images import read_image
from vlminterp.data.names import repaired
from vlminterp.data.splits import SplitConfig, SplitSource
from vlminterp.data.stamps import stamp
from vlminterp.errors import ConfigError, InputError, UserError
from vlminterp.paths import printable


@dataclass
class HFDatasetConfig(SplitConfig):
    """Options of `data=hf_dataset`.

    Attributes:
        path: A folder (of `save_to_disk`, of parquet files, or an image folder), or the name of a
            data set on the hub.
        subset: Name of one of the data set's configurations; null where it has only one.
        revision: Branch, tag or commit on the hub; null takes the newest.
        image: The column of pictures.
        label: The column of classes: class labels with names, or texts.
    """

    held_out: int | float | str = 0.2
    subset: str | None = None
    revision: str | None = None
    image: str = "image"
    label: str = "label"


class HFDatasetSource(SplitSource):
    """Yields the labels of a data set; pictures are read one by one."""

    Config = HFDatasetConfig

    def __init__(self, config: HFDatasetConfig) -> None:
        """Opens the data set and reads its labels.

        Raises:
            ConfigError: `datasets` is not installed, or there is no such split or column.
            InputError: The data set can't be found or read.
        """
        if find_spec("datasets") is None:
            raise ConfigError("data=hf_dataset needs datasets: pip install 'vlminterp[data]'")
        self._config = config
        self._folder = Path(config.path).expanduser()
        self._unlabelled = 0
        splits, self._load = _opened(config, self._folder)
        super().__init__(config, splits)

    def notes(self) -> Sequence[str]:
        """Adds a note on how many pictures have no label."""
        lines = super().notes()
        if self._unlabelled:
            return [*lines, f"pictures without a label, left out: {self._unlabelled}"]
        return lines

    def listing(self) -> str:
        """Adds the names and sizes of a folder's files, or the hub's commit."""
        digest = sha256(super().listing().encode())
        for line in sorted(self._files()):
            digest.update(f"{line}\0".encode())
        return digest.hexdigest()

    def _files(self) -> Iterator[str]:
        if self._folder.is_dir():
            for file in self._folder.rglob("*"):
                if file.is_file() and not file.name.startswith("cache-"):  # `datasets` writes those
                    name = printable(file.relative_to(self._folder).as_posix())
                    yield f"{name}\0{stamp(file)}"
        else:
            for cached in self._load(self._config.split).cache_files:
                yield Path(cached["filename"]).parent.name  # which is the commit

    def _listings(self, split: str) -> Iterator[Listing]:
        import datasets

        image, label = self._config.image, self._config.label
        table = self._load(split)
        labels, names = _labels(table, image, label)
        pictures = table.select_columns([image]).cast_column(image, datasets.Image(decode=False))
        sizes = _sizes(pictures, image)
        members: dict[object, list[ClassPicture]] = {value: [] for value in names}
        for row, value in enumerate(labels):
            if value not in members:
                self._unlabelled += 1
                continue
            key = f"{split}/{row}"
            load = partial(_read, pictures, row, image, f"{self._config.path}, {split} row {row}")
            content = EncodedPicture(sizes[row], partial(_opened_picture, pictures, row, image))
            members[value].append(ClassPicture(key, load, key, content=content))
        for value, name in names.items():
            yield Listing(printable(name), repaired(name), members[value])


def local_folder(path: str) -> Path | None:
    """Returns the folder that a path names; None for the name of a data set on the hub.

    Raises:
        InputError: It can only be a folder, and there is none.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        return folder
    if path.startswith(("/", "~", ".")) or path.count("/") > 1:
        raise InputError(f"no data set folder at {folder}")
    return None


def _opened(config: HFDatasetConfig, folder: Path) -> tuple[list[str], Callable[[str], Any]]:
    """Returns the names of the splits, and a function that loads one."""
    import datasets  # slow

    where = str(local_folder(config.path) or config.path)
    with in_one_line(where):
        if (folder / "dataset_dict.json").is_file():
            tables = datasets.load_from_disk(where)
            return list(tables), tables.__getitem__
        if (folder / "state.json").is_file():
            table = datasets.load_from_disk(where)
            return [str(table.split or "train")], lambda _: table
        options = {"revision": config.revision}
        splits = datasets.get_dataset_split_names(where, config.subset, **options)

    def load(split: str) -> Any:
        with in_one_line(where):
            return datasets.load_dataset(where, config.subset, split=split, **options)

    return splits, load


def _labels(table: Any, image: str, label: str) -> tuple[Sequence[object], Mapping[object, str]]:
    """Returns the label of every row, and names by label in an order that never changes.

    Raises:
        ConfigError: A column is missing or is not what it should be.
    """
    import datasets

    for option, column in (("image", image), ("label", label)):
        if column not in table.features:
            raise ConfigError(f"data.{option}={column}: no such column; {_columns(table)}")
    if not isinstance(table.features[image], datasets.Image):
        raise ConfigError(f"data.image={image} is not a column of pictures; {_columns(table)}")
    kind = table.features[label]
    values = list(table[label])
    if isinstance(kind, datasets.ClassLabel):
        return values, dict(enumerate(kind.names))
    if getattr(kind, "dtype", None) in ("string", "large_string"):
        return values, {value: value for value in sorted({v for v in values if v and v.strip()})}
    raise ConfigError(
        f"data.label={label} holds neither class labels nor texts, so its classes have no names; "
        f"{_columns(table)}"
    )


def _columns(table: Any) -> str:
    kinds = (f"{name} ({kind.__class__.__name__})" for name, kind in table.features.items())
    return "columns: " + ", ".join(kinds)


def _sizes(pictures: Any, image: str) -> Sequence[int]:
    """Returns each picture's size in bytes by the table's offsets, reading none; 0 if unknown."""
    import pyarrow.compute as pc

    if pictures._indices is not None or not len(pictures):
        return [0] * len(pictures)
    lengths = pc.binary_length(pc.struct_field(pictures.data.column(image), "bytes"))
    return [length or 0 for length in lengths.to_pylist()]


def _opened_picture(pictures: Any, row: int, image: str) -> BufferedReader | BytesIO:
    value = pictures[row][image]
    if value is None:
        raise FileNotFoundError
    return BytesIO(value["bytes"]) if value["bytes"] else Path(value["path"] or "").open("rb")


def _read(pictures: Any, row: int, image: str, place: str) -> Image.Image:
    value = pictures[row][image]
    if value is None:
        raise InputError(f"{place}: no picture")
    try:
        return read_image(value["bytes"] or Path(value["path"] or ""))
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


@contextmanager
def in_one_line(where: str) -> Iterator[None]:
    """Turns whatever `datasets` raises (it has no common base) into a one-line InputError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"data set {where} can't be loaded: {reason}") from error
