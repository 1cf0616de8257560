"""What a part of a description can be about."""

VISUAL = "visual"
SPURIOUS = "spurious"
NEUTRAL = "neutral"

INFORMATIVE = (VISUAL, "habitat", "diet", "kind", "behaviour")
"""Those that add to what one knows: what is seen, and where, what for, what and what it does."""

FAMILIES = (*INFORMATIVE, SPURIOUS)
"""`diet` holds uses too. A neutral clause, which at most names the concept, has no family."""


def is_informative(families: frozenset[str] | set[str]) -> bool:
    """Whether anything in a description adds to what one knows.

    Args:
        families: Of its clauses.

    Example:
        >>> is_informative({"spurious", "habitat"}), is_informative({"spurious"})
        (True, False)
    """
    return bool(set(families) & set(INFORMATIVE))


def is_visual(families: frozenset[str] | set[str]) -> bool | None:
    """Whether an informative description says what is seen; None for one that isn't informative.

    Args:
        families: Of its clauses.
    """
    return VISUAL in families if is_informative(families) else None
