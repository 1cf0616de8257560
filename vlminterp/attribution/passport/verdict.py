"""The word on a passport."""

TRUST, DOUBT, NOTHING = "trust", "doubt", "nothing there"
TRUSTED = 0.7
"""Probability from which a map is to be trusted."""
ABSENT = 0.5
"""Probability from which nothing in the picture answers the caption."""


def word(trust: float, nothing: float) -> str:
    """Returns the word for two probabilities.

    Args:
        trust: Probability that the map's heat lies on what causes the score.
        nothing: Probability that nothing in the picture answers the caption.

    Example:
        >>> word(0.9, 0.1), word(0.4, 0.1), word(0.4, 0.8)
        ('trust', 'doubt', 'nothing there')
    """
    if nothing >= ABSENT:
        return NOTHING
    return TRUST if trust >= TRUSTED else DOUBT
