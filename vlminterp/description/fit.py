"""The measures of how well a text fits a concept, as users choose them."""

from enum import Enum


class Fit(Enum):
    """What a text's fit to its concept is measured by."""

    own = "own"
    """Mean cosine to the concept's own images: EX2's paper's."""
    contrastive = "contrastive"
    """The same, less its mean over the other concepts: texts that fit every image get nothing."""
