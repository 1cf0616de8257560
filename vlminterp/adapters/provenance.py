"""Finds where in a caption each character of its cleaned form came from.

Tokenizers lower letters, compose accents, straighten quotes, resolve HTML entities and drop
punctuation before they cut. Most fast ones keep track of it; for the others it is found here, by
aligning the cleaned caption with the caption.
"""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import takewhile

from vlminterp.adapters.words import Span


def sources(cleaned: str, text: str) -> list[Span]:
    """Returns, for each character of a cleaned caption, the caption's characters it stands for.

    Args:
        cleaned: The caption as a tokenizer has cleaned it.
        text: The caption.

    Returns:
        Spans of `text`, one per character of `cleaned`, in order; a space's may be empty.

    Example:
        >>> sources('cat"s tail', "CAT”s  tail")[3:5], sources("é", "e\u0301")
        ([(3, 4), (4, 5)], [(0, 2)])
    """
    if cleaned == text:
        return [(place, place + 1) for place in range(len(text))]
    theirs, from_theirs = _folded(cleaned)
    ours, from_ours = _folded(text)
    aligned = _aligned(theirs, ours)
    found: list[Span] = [(0, 0)] * len(cleaned)
    for (start, stop), place in zip(aligned, from_theirs, strict=True):
        if start < stop:
            begin, end = from_ours[start], from_ours[stop - 1] + 1
            before = found[place]
            found[place] = (before[0], max(end, before[1])) if any(before) else (begin, end)
    return found


def traced(offsets: Sequence[Span], cleaned: str, text: str) -> list[Span]:
    """Converts tokens' characters in a cleaned caption to their characters in the caption.

    Args:
        offsets: Each token's characters in `cleaned`.
        cleaned: The caption as a tokenizer has cleaned it.
        text: The caption.
    """
    if cleaned == text:
        return list(offsets)
    origin = sources(cleaned, text)
    found = []
    for start, stop in offsets:
        known = [span for span in origin[start:stop] if span[0] < span[1]]
        found.append((known[0][0], known[-1][1]) if known else (0, 0))
    return found


def _aligned(theirs: str, ours: str) -> list[Span]:
    """Returns, for each character of `theirs`, the characters of `ours` that it stands for."""
    pairs = zip(theirs, ours, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    found = [(place, place + 1) for place in range(same)]
    matcher = SequenceMatcher(None, theirs[same:], ours[same:], autojunk=False)
    for kind, start, stop, begin, end in matcher.get_opcodes():
        if kind == "equal":
            found += [(same + place, same + place + 1) for place in range(begin, end)]
        else:  # each rewritten character stands for all that they were made of
            found += [(same + begin, same + end)] * (stop - start)
    return found


def _folded(text: str) -> tuple[str, list[int]]:
    """Returns a text without case, compatibility forms and spaces, and where each character was."""
    pieces = [_fold(character) for character in text]
    return "".join(pieces), [place for place, piece in enumerate(pieces) for _ in piece]


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character.casefold())
    return "".join(folded.split())
