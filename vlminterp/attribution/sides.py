"""The inputs that a run explains, as users choose them."""

from enum import Enum


class Sides(Enum):
    """The inputs that are explained."""

    both = "both"
    """Those that the method explains."""
    image = "image"
    text = "text"
