"""One folder of pictures per class: `data=class_folder` and `data=stanford_dogs`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vlminterp.data.classes import ClassConfig, ClassSource, Listing, check_amount, member
from vlminterp.data.folder import entries_of, pictures_below
from vlminterp.data.names import repaired
from vlminterp.errors import InputError
from vlminterp.paths import existing_folder, is_run_folder, printable

_SPLITS = {"train", "trainval", "val", "valid", "validation", "test"}


@dataclass
class ClassFolderConfig(ClassConfig):
    """Options of `data=class_folder`: `path` holds one folder per class.

    Attributes:
        held_out: Part of each class that no reward sees: a share up to 0.5, or a number of
            pictures; at most half of a class.
    """

    held_out: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_amount(self.held_out)


class ClassFolderSource(ClassSource):
    """Yields each folder in a folder as a class, with all pictures below it."""

    Config = ClassFolderConfig

    def __init__(self, config: ClassFolderConfig) -> None:
        """Lists all pictures.

        Raises:
            InputError: There is no such folder, no folder in it, no picture in those, or they are
                splits, not classes.
        """
        path = existing_folder(config.path, "class folder")
        super().__init__(config, _listings(path), config.held_out)


@dataclass
class StanfordDogsConfig(ClassFolderConfig):
    """Options of `data=stanford_dogs`: `path` holds `Images/n02085620-Chihuahua/` and so on."""

    type_word: str | None = "dog"


class StanfordDogsSource(ClassSource):
    """Yields the breeds of Stanford Dogs."""

    Config = StanfordDogsConfig

    def __init__(self, config: StanfordDogsConfig) -> None:
        """Lists all pictures.

        Raises:
            InputError: The data set is not there.
        """
        images = Path(config.path).expanduser() / "Images"
        if not images.is_dir():
            raise InputError(
                f"Stanford Dogs: no folder {images}; extract images.tar from "
                "http://vision.stanford.edu/aditya86/ImageNetDogs there"
            )
        super().__init__(config, _listings(images), config.held_out)


def _listings(path: Path) -> Iterator[Listing]:
    folders = [entry for entry in entries_of(path) if entry.is_dir() and not is_run_folder(entry)]
    if not folders:
        raise InputError(f"{path}: no folders in it; one folder of pictures per class is needed")
    splits = [folder for folder in folders if folder.name.lower() in _SPLITS]
    # A class may be called "train", but hardly another one "test".
    if len(splits) >= min(2, len(folders)):
        raise InputError(
            f"{path}: its folders are splits ({', '.join(split.name for split in splits)}), not "
            f"classes; choose one: data.path={splits[0]}"
        )
    for folder in folders:
        pictures = [member(picture, path) for picture in pictures_below(folder)]
        yield Listing(printable(folder.name), repaired(folder.name), pictures)
