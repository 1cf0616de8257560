"""Sources by name; listing them imports none of them."""

from vlminterp.data.pairs import Source
from vlminterp.entry_points import SOURCES, installed, load
from vlminterp.errors import ConfigError

OWN = {
    "planted": "vlminterp.planted.source:PlantedSource",
    "pair": "vlminterp.data.pair:PairSource",
    "folder": "vlminterp.data.folder:FolderSource",
    "manifest": "vlminterp.data.manifest:ManifestSource",
    "webdataset": "vlminterp.data.webdataset:WebdatasetSource",
    "class_folder": "vlminterp.data.class_folder:ClassFolderSource",
    "class_table": "vlminterp.data.class_table:ClassTableSource",
    "stanford_dogs": "vlminterp.data.class_folder:StanfordDogsSource",
    "cub": "vlminterp.data.cub:CUBSource",
    "waterbirds": "vlminterp.data.waterbirds:WaterbirdsSource",
    "counter_animal": "vlminterp.data.counter_animal:CounterAnimalSource",
    "oxford_pets": "vlminterp.data.torchvision_sets:PetsSource",
    "flowers102": "vlminterp.data.torchvision_sets:FlowersSource",
    "fgvc_aircraft": "vlminterp.data.torchvision_sets:AircraftSource",
    "stanford_cars": "vlminterp.data.torchvision_sets:CarsSource",
    "hf_pairs": "vlminterp.data.hf_pairs:HFPairsSource",
    "hf_dataset": "vlminterp.data.hf_dataset:HFDatasetSource",
}
"""Our own sources; other packages add theirs by entry points of the group `vlminterp.sources`."""


def source_names() -> list[str]:
    """Lists the names of all sources, sorted; imports none of them."""
    return list(installed(SOURCES, OWN))


def source_class(name: str) -> type[Source]:
    """Finds a source by its name.

    Args:
        name: One of `source_names()`.

    Returns:
        The class; `source_class(name)(source_class(name).Config(...))` is a source.

    Raises:
        ConfigError: There is no such source, two packages claim the name, its package can't be
            imported, or it is no source.
    """
    loaded = load(SOURCES, name, OWN)
    if not (isinstance(loaded, type) and issubclass(loaded, Source)):
        raise ConfigError(f"source '{name}': {loaded!r} is no subclass of Source")
    return loaded
