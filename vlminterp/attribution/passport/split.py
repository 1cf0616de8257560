"""Counts the words on a run's passports."""

from collections import Counter
from collections.abc import Mapping

from vlminterp.attribution.passport.verdict import DOUBT, NOTHING, TRUST
from vlminterp.results.run_folder import RunFolder

WORDS = (TRUST, DOUBT, NOTHING)

Split = Mapping[str, int]
"""Number of maps by word, in the order of `WORDS`."""


def splits_of(folder: RunFolder) -> dict[str, Split]:
    """Returns the split of each method's maps, in the run's order.

    Args:
        folder: A run whose rows the attribution runner wrote, finished or not.

    Returns:
        The splits by method, which is "" where rows name none; empty for a run without passports.
    """
    counted: dict[str, Counter[str]] = {}
    for part in folder.parts.tables():
        if "passport" in part.column_names:
            words = part["passport"].to_pylist()
            named = "method" in part.column_names
            methods = part["method"].to_pylist() if named else [None] * len(words)
            for method, word in zip(methods, words, strict=True):
                if word is not None:
                    counted.setdefault(method or "", Counter())[word] += 1
    return {method: {word: own[word] for word in WORDS} for method, own in counted.items()}


def summed(splits: Mapping[str, Split]) -> Split:
    """Returns the split of the maps of all methods together."""
    return {word: sum(split[word] for split in splits.values()) for word in WORDS}


def in_words(split: Split) -> str:
    """Writes a split for readers.

    Example:
        >>> in_words({"trust": 41, "doubt": 12, "nothing there": 7})
        'trust 41, doubt 12, nothing there 7 of 60 maps'
    """
    told = ", ".join(f"{word} {number}" for word, number in split.items())
    total = sum(split.values())
    return f"{told} of {total} map{'' if total == 1 else 's'}"
