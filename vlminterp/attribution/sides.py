"""The inputs that a run explains, as users choose them."""

from enum import Enum


class Sides(Enum):
    """The inputs that are explained."""

    both = "both"
    """Both inputs, or the only one that the method explains."""
    image = "image"
    text = "text"
