"""Swaps a scene's background or its object, to see which of them decides."""

from dataclasses import dataclass, replace
from itertools import count

from vlminterp.planted.pictures import sprite
from vlminterp.planted.scenes import SIZE, Placed, Scene, SceneLayout, World, compose


@dataclass(frozen=True)
class Swaps:
    """A scene with one object, and the same scene with one thing changed.

    Attributes:
        scene: The unchanged scene.
        background: The scene with another habitat behind the same things.
        object: The scene with another concept of the same size in the object's place.
    """

    scene: Scene
    background: Scene
    object: Scene


def swaps(world: World, index: int) -> Swaps:
    """Changes one thing at a time in a scene.

    Args:
        world: World of the scene, which also provides the replacements.
        index: Index of the scene.
    """
    layout = world.layout(index)
    return Swaps(
        compose(layout),
        compose(swap_background(world, index, layout)),
        compose(swap_object(world, index, layout)),
    )


def swap_background(world: World, index: int, layout: SceneLayout) -> SceneLayout:
    """Puts another habitat behind the things of a scene, taken from the next scene with one."""
    other = next(
        found
        for step in count(1)
        for found in [world.layout(index + step)]
        if found.habitat != layout.habitat
    )
    return replace(layout, habitat=other.habitat, backdrop=other.backdrop)


def swap_object(world: World, index: int, layout: SceneLayout) -> SceneLayout:
    """Replaces a scene's only object by another concept, taken from the next scene with one."""
    ((concept, placed),) = layout.objects
    other = next(
        found
        for step in count(1)
        for found in world.concepts(index + step)
        if found.name != concept.name
    )
    picture = sprite(other.code, max(placed.picture.visible.shape))
    left, top, right, bottom = placed.box
    height, width = picture.visible.shape
    # Around the same centre, but wholly inside.
    column = min(max((left + right - width) // 2, 0), SIZE - width)
    row = min(max((top + bottom - height) // 2, 0), SIZE - height)
    return replace(layout, objects=((other, Placed(picture, column, row)),))
