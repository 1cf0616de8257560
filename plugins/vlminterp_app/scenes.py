"""Planted scenes as examples: pictures in which it is known what is where."""

from pathlib import Path

from PIL import Image

from vlminterp.data.concepts import article
from vlminterp.planted.scenes import World

SCENES = 4
SEED = 3


def write_scenes(folder: Path) -> list[list[str]]:
    """Writes scenes of two objects each as pictures.

    Args:
        folder: A folder that exists.

    Returns:
        For each scene the picture's path and a caption for each of its objects.
    """
    world = World(SEED, "test")
    found = []
    for number in range(SCENES):
        scene = world.scene(number, 2)
        names = [concept.name for concept in scene.concepts]
        path = folder / f"{' and '.join(names)}.png"
        Image.fromarray(scene.image).save(path)
        found.append([str(path), *(f"{article(name)} {name}" for name in names)])
    return found
