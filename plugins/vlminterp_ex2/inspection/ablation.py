"""What a description loses when a family's words are taken away, or another concept's put there.

Taking away answers to *presence* (would any words of that family do?), putting another's to
*content* (does the VLM care what they say?).
"""

from collections.abc import Sequence

from vlminterp.data.concepts import article
from vlminterp_ex2.inspection.lexicon import Clause

ENDS = (".", "!", "?", "…")
LOOSE = " ,;:–—-"


def neutral(name: str) -> str:
    """What is left of a concept when nothing is said of it.

    Example:
        >>> neutral("owl")
        'An owl.'
    """
    words = f"{article(name)} {name}."
    return words[0].upper() + words[1:]


def without(text: str, clauses: Sequence[Clause], family: str, name: str) -> str:
    """A description without a family's clauses.

    Args:
        text: The description.
        clauses: All of its clauses.
        family: Which to take away.
        name: The concept's, for a description of which nothing else is left.

    Example:
        >>> said = [Clause(0, 15, True, "neutral"), Clause(16, 29, True, "diet")]
        >>> without("This is an owl. It eats mice.", said, "diet", "owl")
        'This is an owl.'
    """
    return _joined([text[c.start : c.stop] for c in clauses if c.family != family]) or neutral(name)


def with_other(text: str, clauses: Sequence[Clause], family: str, other: str) -> str:
    """A description with other words in place of a family's.

    Args:
        text: The description.
        clauses: All of its clauses, some of that family.
        family: Whose clauses are replaced.
        other: Stands in the place of the first of them; the others are taken away.

    Example:
        >>> said = [Clause(0, 15, True, "neutral"), Clause(16, 29, True, "diet")]
        >>> with_other("This is an owl. It eats mice.", said, "diet", "It eats hay.")
        'This is an owl. It eats hay.'
    """
    parts: list[str] = []
    for clause in clauses:
        if clause.family != family:
            parts.append(text[clause.start : clause.stop])
        elif other not in parts:
            parts.append(other)
    return _joined(parts)


def renamed(words: str, name: str, to: str) -> str:
    """Words about one concept as words about another: its name is replaced.

    Example:
        >>> renamed("The owl eats mice.", "owl", "bat")
        'The bat eats mice.'
    """
    return words.replace(name, to).replace(name.capitalize(), to.capitalize())


def _joined(parts: Sequence[str]) -> str:
    """Parts of a text as a text: nothing hangs at its end, and it ends like a sentence."""
    text = " ".join(part.strip() for part in parts).strip().rstrip(LOOSE)
    return text if not text or text.endswith(ENDS) else f"{text}."
