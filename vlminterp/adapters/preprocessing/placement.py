"""Where a picture lies on a model's input after resizing, cropping and padding."""

from collections.abc import Callable
from dataclasses import dataclass

from vlminterp.adapters.dual_encoder import Geometry

Size = tuple[int, int]
"""Height and width, in pixels."""


@dataclass(frozen=True)
class Placement:
    """A picture that has been scaled and laid on an input.

    Attributes:
        scaled: Height and width of the whole picture, in pixels of the input.
        corner: Top and left of the input on the scaled picture; negative where it is padded.
        size: Height and width of the input.
    """

    scaled: tuple[float, float]
    corner: tuple[float, float]
    size: Size

    def geometry(self, picture: Size) -> Geometry:
        """Returns where the input lies on the picture.

        Args:
            picture: Height and width of the picture.
        """
        down, across = (own / scaled for own, scaled in zip(picture, self.scaled, strict=True))
        (top, left), (height, width) = self.corner, self.size
        box = (left * across, top * down, (left + width) * across, (top + height) * down)
        return Geometry(picture, box)


Place = Callable[[Size], Placement]
"""Maps a picture's height and width to where it lies on the input."""

Scale = Callable[[Size], tuple[float, float]]
"""Maps a picture's height and width to those after scaling."""


def to_shortest(edge: int) -> Scale:
    """Scales the shorter edge to a length; the longer one is rounded down, as all backends do."""

    def scale(picture: Size) -> Size:
        longer = int(edge * max(picture) / min(picture))
        return (edge, longer) if picture[0] <= picture[1] else (longer, edge)

    return scale


def squashed(size: Size) -> Place:
    """Scales both edges to fit."""
    return lambda picture: Placement(size, (0, 0), size)


def cropped(scale: Scale, size: Size, margin: Callable[[float, int], int]) -> Place:
    """Scales, then crops or pads around the centre.

    Args:
        scale: The scaling.
        size: Height and width after the crop.
        margin: Maps the scaled and the cropped length to what the crop leaves out before the
            input; negative where it pads. Backends round it differently.
    """

    def place(picture: Size) -> Placement:
        scaled = scale(picture)
        corner = margin(scaled[0], size[0]), margin(scaled[1], size[1])
        return Placement(scaled, corner, size)

    return place
