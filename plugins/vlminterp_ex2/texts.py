"""Responses as text: which part of them counts, and what they look like."""

import re
from collections.abc import Sequence

SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)|\n")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def complete(response: str, *, finished: bool) -> str:
    """The part of a response that is scored: what the model has said to its end.

    A response that the model itself has ended counts as it is. One that has run out of tokens ends
    where its last whole sentence or line does; if there is none, nothing is left.

    Args:
        response: What the model wrote, without the prompt.
        finished: Whether the model ended it (end-of-text token).

    Returns:
        The text, white space at its ends removed; may be empty.

    Example:
        >>> complete("An owl. It has big ey", finished=False)
        'An owl.'
        >>> complete(" An owl", finished=True), complete("An owl has", finished=False)
        ('An owl', '')
    """
    if finished:
        return response.strip()
    ends = [match.end() for match in SENTENCE_END.finditer(response)]
    return response[: ends[-1]].strip() if ends else ""


def scored(response: str, *, finished: bool, raw: bool) -> str:
    """Returns what of a response is scored; nothing if it is blank.

    Args:
        response: What the model wrote, without the prompt.
        finished: Whether the model ended it (end-of-text token).
        raw: Score it as it is, which is the paper's way, not only what was said to its end.

    Example:
        >>> scored(" An owl has", finished=False, raw=True)
        ' An owl has'
    """
    if not raw:
        return complete(response, finished=finished)
    return response if response.strip() else ""


def names_concept(text: str, name: str) -> bool:
    """Whether a text calls the concept by its name, also in the plural; case does not count.

    Example:
        >>> names_concept("Two Barn owls.", "barn owl"), names_concept("A bowl.", "owl")
        (True, False)
    """
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text, re.IGNORECASE))


def distinct(texts: Sequence[str], n: int) -> float | None:
    """Share of different n-grams of words among all (distinct-n, Li et al., NAACL 2016).

    Args:
        texts: Any number.
        n: Words in a row, ≥ 1.

    Returns:
        Above 0, up to 1 (nothing is said twice); None where no text has n words.

    Example:
        >>> distinct(["An owl.", "an owl"], 1)
        0.5
    """
    grams: list[tuple[str, ...]] = []
    for text in texts:
        words = [word.lower() for word in WORD.findall(text)]
        grams += [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None
