"""Swaps a scene's background or its object, to see which of them decides."""

from dataclasses import dataclass, replace
from itertools import count, islice

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


def swap_background(world: World, index: int, layout: SceneLayout, skip: int = 0) -> SceneLayout:
    """Puts another habitat behind the things of a scene.

    Args:
        world: World of the scene.
        index: Index of the scene.
        layout: The scene's parts.
        skip: Number of replacements to pass over: the next scenes with another habitat provide
            replacements 0, 1, 2 ….
    """
    others = (
        found
        for step in count(1)
        for found in [world.layout(index + step)]
        if found.habitat != layout.habitat
    )
    other = next(islice(others, skip, None))
    return replace(layout, habitat=other.habitat, backdrop=other.backdrop)


def swap_object(
    world: World, index: int, layout: SceneLayout, number: int = 0, skip: int = 0
) -> SceneLayout:
    """Replaces an object of a scene by another concept of the same size.

    Args:
        world: World of the scene.
        index: Index of the scene.
        layout: The scene's parts.
        number: The object's place among the scene's objects.
        skip: Number of replacements to pass over: the next scenes with concepts that this one
            lacks provide replacements 0, 1, 2 ….
    """
    present = {concept.name for concept, _ in layout.objects}
    others = (
        found
        for step in count(1)
        for found in world.concepts(index + step)
        if found.name not in present
    )
    other = next(islice(others, skip, None))
    _, placed = layout.objects[number]
    picture = sprite(other.code, max(placed.picture.visible.shape))
    left, top, right, bottom = placed.box
    height, width = picture.visible.shape
    # Around the same centre, but wholly inside.
    column = min(max((left + right - width) // 2, 0), SIZE - width)
    row = min(max((top + bottom - height) // 2, 0), SIZE - height)
    objects = list(layout.objects)
    objects[number] = (other, Placed(picture, column, row))
    return replace(layout, objects=tuple(objects))
