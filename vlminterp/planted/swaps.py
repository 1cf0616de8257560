"""The same scene with another background, or with another object: which of them decides?"""

from dataclasses import dataclass, replace
from itertools import count

from vlminterp.planted.pictures import sprite
from vlminterp.planted.scenes import SIZE, Placed, Scene, SceneLayout, World, compose


@dataclass(frozen=True)
class Swaps:
    """A scene with one object, and what it would be with one thing changed.

    Attributes:
        scene: As it is.
        background: With another habitat behind the same things.
        object: With another concept of the same size in the object's place.
    """

    scene: Scene
    background: Scene
    object: Scene


def swaps(world: World, index: int) -> Swaps:
    """Changes one thing at a time in a scene.

    Args:
        world: Where the scene is from, and what replaces its parts.
        index: Which scene.
    """
    layout = world.layout(index)
    return Swaps(
        compose(layout),
        compose(swap_background(world, index, layout)),
        compose(swap_object(world, index, layout)),
    )


def swap_background(world: World, index: int, layout: SceneLayout) -> SceneLayout:
    """Puts another habitat behind the things of a scene: that of the next scene to have one."""
    other = next(
        found
        for step in count(1)
        for found in [world.layout(index + step)]
        if found.habitat != layout.habitat
    )
    return replace(layout, habitat=other.habitat, backdrop=other.backdrop)


def swap_object(world: World, index: int, layout: SceneLayout) -> SceneLayout:
    """Puts another concept where a scene's only object is: that of the next scene to have one."""
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
