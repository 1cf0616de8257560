"""The measures of a text's fit to a concept, as users choose them."""

from enum import Enum


class Fit(Enum):
    """The measure of a text's fit to its concept."""

    own = "own"
    """Mean cosine to the concept's own images, as in EX2's paper."""
    contrastive = "contrastive"
    """The same minus its mean over the other concepts: texts that fit every image get nothing."""
