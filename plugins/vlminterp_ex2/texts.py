"""Responses as text: the part that is scored, and simple measures."""

import re
from collections.abc import Sequence

SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)|\n")
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def complete(response: str, *, finished: bool) -> str:
    """Returns the finished part of a response, which is the part that is scored.

    A response that the model ended itself is kept whole. One that ran out of tokens is cut after
    its last complete sentence or line; if there is none, nothing is left.

    Args:
        response: The model's response, without the prompt.
        finished: Whether the model ended it (end-of-text token).

    Returns:
        The text without white space at its ends; may be empty.

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
    """Returns the part of a response that is scored; empty if the response is blank.

    Args:
        response: The model's response, without the prompt.
        finished: Whether the model ended it (end-of-text token).
        raw: Whether to score it as it is, the paper's way, rather than only its finished part.

    Example:
        >>> scored(" An owl has", finished=False, raw=True)
        ' An owl has'
    """
    if not raw:
        return complete(response, finished=finished)
    return response if response.strip() else ""


def names_concept(text: str, name: str) -> bool:
    """Tells whether a text names the concept, also in the plural; case does not count.

    Example:
        >>> names_concept("Two Barn owls.", "barn owl"), names_concept("A bowl.", "owl")
        (True, False)
    """
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text, re.IGNORECASE))


def distinct(texts: Sequence[str], n: int) -> float | None:
    """Returns the share of word n-grams that are distinct (distinct-n, Li et al., NAACL 2016).

    Args:
        texts: Any number of texts.
        n: Words per n-gram, ≥ 1.

    Returns:
        A share above 0, up to 1 if nothing is said twice; None where no text has n words.

    Example:
        >>> distinct(["An owl.", "an owl"], 1)
        0.5
    """
    grams: list[tuple[str, ...]] = []
    for text in texts:
        words = [word.lower() for word in WORD.findall(text)]
        grams += [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]
    return len(set(grams)) / len(grams) if grams else None
