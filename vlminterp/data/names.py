"""Turns class names as data sets write them into names for texts."""

import re

from vlminterp.paths import printable
from vlminterp.secrets import redacted

_SYNSET = re.compile(r"^n\d{8}[-_ ]+")
_NUMBER = re.compile(r"^(?:\d+\.\s*|0\d*[-_ ]+)(?=\D)")
_DASH_OF_LETTERS = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")


def repaired(raw: str) -> str:
    """Returns a class's name without numbers, separators and synonyms.

    A WordNet id, a class number ("001.", "07_") and anything after ", " are dropped. Underscores
    separate words; only where there are neither those nor spaces, dashes between letters do too, so
    that "wire-haired" is kept whole.

    Args:
        raw: Name of a folder or a label.

    Returns:
        Words with single spaces; `raw` itself if none is left.

    Example:
        >>> repaired("n02095314-wire-haired_fox_terrier"), repaired("001.persian-cat")
        ('wire-haired fox terrier', 'persian cat')
        >>> repaired("tench, Tinca tinca"), repaired("DC-10"), repaired("747_jet")
        ('tench', 'DC-10', '747 jet')
    """
    raw = redacted(raw)  # before "api_key" becomes "api key", which no address has
    name = printable(raw).strip()
    name = _NUMBER.sub("", _SYNSET.sub("", name)).split(", ")[0]
    if not re.search(r"[_\s]", name):
        name = _DASH_OF_LETTERS.sub(" ", name)
    name = " ".join(name.replace("_", " ").split()).rstrip(" ?")
    return name or printable(raw)


def with_type_word(name: str, word: str | None) -> str:
    """Appends the kind of thing that a name is of, unless a word of the name ends with it.

    Args:
        name: A name that may be ambiguous: "boxer".
        word: The kind; None leaves the name as it is.

    Example:
        >>> with_type_word("boxer", "dog"), with_type_word("Shetland sheepdog", "dog")
        ('boxer dog', 'Shetland sheepdog')
    """
    if word is None or re.search(rf"{re.escape(word)}\b", name, re.IGNORECASE):
        return name
    return f"{name} {word}"
