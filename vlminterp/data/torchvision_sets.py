"""Pets, flowers, aircraft and cars, stored as torchvision stores them below its `root`."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from vlminterp.data.classes import ClassPicture, Listing, member
from vlminterp.data.names import repaired, with_type_word
from vlminterp.data.splits import SplitConfig, SplitSource
from vlminterp.errors import ConfigError, InputError

SPECIES = "species"
"""The `type_word` of pets that appends "cat" or "dog", whichever is right."""

Labelled = Iterable[tuple[str | Path, int]]
"""Picture files, each with the index of its class."""


@dataclass
class DownloadConfig(SplitConfig):
    """Options of a data set that torchvision can fetch; `path` is its `root`.

    Attributes:
        download: Whether to fetch what is missing.
    """

    download: bool = False


class TorchvisionSource(SplitSource):
    """Yields the classes of one of torchvision's data sets.

    Attributes:
        dataset: The name of torchvision's class.
        folder: Folder of the data, below `path`.
        splits: Names of its splits.
        origin: Advice on getting the data, for messages.
        needs_scipy: Whether its tables are Matlab files.
    """

    dataset: ClassVar[str]
    folder: ClassVar[str]
    splits: ClassVar[tuple[str, ...]]
    origin: ClassVar[str]
    needs_scipy: ClassVar[bool] = False

    def __init__(self, config: SplitConfig) -> None:
        """Lists the pictures.

        Raises:
            ConfigError: There is no such split, or scipy is not installed.
            InputError: The data are not there or can't be read.
        """
        self._root = Path(config.path).expanduser()
        self._download = isinstance(config, DownloadConfig) and config.download
        if self.needs_scipy and find_spec("scipy") is None:
            raise ConfigError(f"{self.dataset} needs scipy: pip install 'vlminterp[data]'")
        if not self._download and not (self._root / self.folder).is_dir():
            raise InputError(f"{self.dataset}: no folder {self._root / self.folder}; {self.origin}")
        super().__init__(config, self.splits)

    def _listings(self, split: str) -> Iterator[Listing]:
        classes, labelled = self._labelled(split)
        members: list[list[ClassPicture]] = [[] for _ in classes]
        for path, label in labelled:
            members[label].append(member(Path(path), self._root))
        for (id, name), found in zip(classes, members, strict=True):  # noqa: A001
            yield Listing(id, name, found)

    @abstractmethod
    def _labelled(self, split: str) -> tuple[Sequence[tuple[str, str]], Labelled]:
        """Returns ids and names of all classes, and the pictures of a split."""

    def _opened(self, split: str, **options: Any) -> Any:
        """Opens torchvision's data set; reads no picture yet.

        Raises:
            InputError: It is incomplete or broken.
        """
        import torchvision.datasets  # slow

        make = getattr(torchvision.datasets, self.dataset)
        try:
            return make(self._root, split=split, download=self._download, **options)
        except Exception as error:  # files are missing or broken, or the network fails
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{self.dataset}: {self._root / self.folder} is incomplete or broken ({reason}); "
                f"{self.origin}"
            ) from error


@dataclass
class PetsConfig(DownloadConfig):
    """Options of `data=oxford_pets`; `type_word=species` appends cat or dog, as the animal is."""

    type_word: str | None = SPECIES
    split: str = "trainval"


class PetsSource(TorchvisionSource):
    """Yields the breeds of Oxford-IIIT Pet."""

    Config = PetsConfig
    dataset = "OxfordIIITPet"
    folder = "oxford-iiit-pet"
    splits = ("trainval", "test")
    origin = (
        "data.download=true fetches it (800 MB), or extract images.tar.gz and annotations.tar.gz "
        "from https://www.robots.ox.ac.uk/~vgg/data/pets there"
    )

    def __init__(self, config: PetsConfig) -> None:
        self._species = config.type_word == SPECIES
        super().__init__(replace(config, type_word=None) if self._species else config)

    def _labelled(self, split: str) -> tuple[Sequence[tuple[str, str]], Labelled]:
        pictures: list[Path] = self._opened(split)._images
        breeds = [path.stem.rpartition("_")[0] for path in pictures]
        known = sorted(set(breeds), key=str.lower)
        places = {breed: place for place, breed in enumerate(known)}
        labelled = [(path, places[breed]) for path, breed in zip(pictures, breeds, strict=True)]
        return [(breed, self._name(breed)) for breed in known], labelled

    def _name(self, breed: str) -> str:
        name = repaired(breed).title()
        # The data set writes breeds of cats with a capital letter, those of dogs without.
        species = "cat" if breed[0].isupper() else "dog"
        return with_type_word(name, species if self._species else None)


@dataclass
class FlowersConfig(DownloadConfig):
    """Options of `data=flowers102`."""

    held_out: int | float | str = "val"


class FlowersSource(TorchvisionSource):
    """Yields the species of Oxford 102 Flower."""

    Config = FlowersConfig
    dataset = "Flowers102"
    folder = "flowers-102"
    splits = ("train", "val", "test")
    origin = (
        "data.download=true fetches it (350 MB), or extract 102flowers.tgz and put imagelabels.mat "
        "and setid.mat from https://www.robots.ox.ac.uk/~vgg/data/flowers/102 there"
    )
    needs_scipy = True

    def _labelled(self, split: str) -> tuple[Sequence[tuple[str, str]], Labelled]:
        found = self._opened(split)
        classes = [(name, repaired(name)) for name in found.classes]
        return classes, zip(found._image_files, found._labels, strict=True)


@dataclass
class AircraftConfig(DownloadConfig):
    """Options of `data=fgvc_aircraft`."""

    type_word: str | None = "aircraft"
    split: str = "trainval"


class AircraftSource(TorchvisionSource):
    """Yields the variants of FGVC Aircraft, each with its maker's name: "Boeing 707-320"."""

    Config = AircraftConfig
    dataset = "FGVCAircraft"
    folder = "fgvc-aircraft-2013b"
    splits = ("train", "val", "trainval", "test")
    origin = (
        "data.download=true fetches it (2.8 GB), or extract fgvc-aircraft-2013b.tar.gz from "
        "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft there"
    )

    def _labelled(self, split: str) -> tuple[Sequence[tuple[str, str]], Labelled]:
        variants = self._opened(split)
        makers = self._opened(split, annotation_level="manufacturer")
        maker_of = dict(zip(makers._image_files, makers._labels, strict=True))
        made_by: dict[int, str] = {}
        for file, label in zip(variants._image_files, variants._labels, strict=True):
            made_by[label] = makers.classes[maker_of[file]]
        classes = [
            (variant, _aircraft(made_by.get(place, ""), variant))
            for place, variant in enumerate(variants.classes)
        ]
        return classes, zip(variants._image_files, variants._labels, strict=True)


@dataclass
class CarsConfig(SplitConfig):
    """Options of `data=stanford_cars`."""


class CarsSource(TorchvisionSource):
    """Yields the models of Stanford Cars."""

    Config = CarsConfig
    dataset = "StanfordCars"
    folder = "stanford_cars"
    splits = ("train", "test")
    origin = (
        "it can't be fetched any more: put cars_train/, cars_test/, devkit/ and "
        "cars_test_annos_withlabels.mat there from a copy"
    )
    needs_scipy = True

    def _labelled(self, split: str) -> tuple[Sequence[tuple[str, str]], Labelled]:
        found = self._opened(split)
        return [(name, repaired(name)) for name in found.classes], found._samples


def _aircraft(maker: str, variant: str) -> str:
    """Joins maker and variant, unless the variant names the maker.

    Examples are "Cessna 172" and "Gulfstream IV".
    """
    if maker.split(" ")[0] == variant.split(" ")[0]:
        return repaired(variant)
    return repaired(f"{maker} {variant}")
